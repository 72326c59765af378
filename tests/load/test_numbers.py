"""Latencies, thresholds, comparisons and merged traces, against what can be computed by hand."""

import itertools
import json
import math
import random
import statistics
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.check.isolation import Owned
from canonry.load.compare import effect, two_sided_t
from canonry.load.latency import Latencies
from canonry.load.pace import Pace
from canonry.load.result import merge
from canonry.load.spec import LoadSpec, share_out
from canonry.load.thresholds import from_canon, parse
from canonry.load.trace import Trace, read_trace, write_trace
from canonry.model.errors import UserError
from canonry.model.load import Failure, LoadResult, LoadVerdict, Sample, Totals
from canonry.report.load.words import facts

SPEC = LoadSpec(scenario="golden", url="http://127.0.0.1:1", users=4, seconds=10.0)


def trace(*values: float, totals: Totals | None = None, **keys: object) -> Trace:
    """What a process saw that timed so many turns."""
    latencies = Latencies()
    for value in values:
        latencies.record("turn", value)
    done = Totals(users=1, turns=len(values), done=len(values), frames=10, received=10, judged=10, streams=1)
    return Trace(
        **{
            "spec": SPEC, "started": 0.0, "seconds": 10.0, "cpu": 1.0, "memory": 1, "lag": 0.0, "totals": totals or done,
            "latencies": latencies.encoded(), "failures": {}, "first_failures": {}, "rules": {}, "leaks": [],
            "samples": [Sample(1.0, 1, 1, 10, 1, 0, 0)], "ids": {}, "disturbed": {},
            "steady": (Sample(0.0, 1, 1, 0, 0, 0, 0), Sample(10.0, 1, 1, 10, 1, 0, 0)), **keys,
        }
    )  # type: ignore[arg-type]  # fmt: skip


class Somebody:
    """Whose random numbers are these."""

    random = random.Random(1)


def merged(*traces: Trace, **keys: object) -> LoadResult:
    return merge(list(traces), spec=SPEC, contract="agent-events/1", **keys)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(st.lists(st.floats(min_value=0.0001, max_value=100), min_size=1, max_size=200))
def test_percentiles_of_merged_histograms_are_those_of_all_values(values: list[float]) -> None:
    half = len(values) // 2
    timing = next(one for one in merged(trace(*values[:half]), trace(*values[half:])).timings if one.name == "turn")

    assert timing.count == len(values)
    assert timing.percentiles["p100"] == pytest.approx(max(values), rel=0.002, abs=2e-6)
    assert timing.percentiles["p50"] == pytest.approx(
        sorted(values)[max(0, -(-len(values) // 2) - 1)], rel=0.002, abs=2e-6
    )


@given(
    st.lists(st.floats(min_value=0.0001, max_value=100), min_size=1, max_size=600), st.sampled_from([50, 95, 99, 99.9])
)
def test_a_percentile_is_the_value_of_the_nearest_rank(values: list[float], percent: float) -> None:
    latencies = Latencies()
    for value in values:
        latencies.record("turn", value)
    rank = max(1, math.ceil(round(percent * len(values) / 100, 6)))

    assert latencies.percentile("turn", percent) == pytest.approx(sorted(values)[rank - 1], rel=0.002, abs=2e-6)


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("turn.p50<=201ms", True),
        ("turn.p50<150ms", False),
        ("p100<=1s", True),
        ("turn.p97.5<=1s", True),
        ("failures<=0.1%", True),
        ("events-per-second>=2", False),
        ("events-per-second>=1", True),
        ("mean<=1s", True),
        ("answer.p99<=60s", False),
    ],
)
def test_a_threshold_is_held_or_missed_and_what_was_never_measured_is_missed(text: str, is_held: bool) -> None:
    result = merged(trace(0.1, 0.2, 0.3), thresholds=[parse(text)])

    assert result.thresholds[0].is_held is is_held
    assert (result.verdict is LoadVerdict.PASSED) is is_held


@pytest.mark.parametrize("text", ["", "p99", "p99=1s", "colour<=1", "turn.p99<=1 parsec", "p99<=1.2.3s"])
def test_what_is_no_threshold_is_refused_with_what_can_be_said(text: str) -> None:
    with pytest.raises(UserError, match=r"`answer\.p99<=60s`|`STEP\.p95`"):
        parse(text)


def test_thresholds_of_the_canon_are_greatest_values_and_rates_least_ones() -> None:
    p95, rate = from_canon({"p95": "300ms", "events-per-second": 1000.0})

    assert (p95.limit, p95.at_least) == (0.3, False)
    assert (rate.limit, rate.at_least) == (1000.0, True)


def test_nothing_judged_is_no_success() -> None:
    why = {"login refused (401)": Failure("user-0-0", "`login` is answered by 401", 0.1)}
    result = merged(trace(totals=Totals(), failures={"login refused (401)": 3}, first_failures=why))

    assert result.verdict is LoadVerdict.NOTHING_JUDGED
    assert "answered by 401" in result.reasons[0]


def test_events_that_the_checker_did_not_judge_fail_the_run() -> None:
    totals = Totals(users=1, turns=1, done=1, frames=10, received=10, judged=9, streams=1)

    assert "judged 9" in merged(trace(0.1, totals=totals)).reasons[0]


def test_an_id_that_two_processes_saw_with_two_users_is_a_leak() -> None:
    result = merged(
        trace(0.1, ids={"run_id": {"r1": "ada", "r2": "ada"}}), trace(0.1, ids={"run_id": {"r1": "bob", "r3": "bob"}})
    )

    assert result.rules == {"isolation.forbid_ids": 1}
    assert "`r1`" in result.leaks[0].message


def test_ids_that_a_process_forgot_are_counted_and_named() -> None:
    ring = Owned(2)
    for number in range(10):
        ring.put(f"run-{number}", "ada")
    result = merged(trace(0.1, ids_forgotten=ring.forgot, isolation=("isolation.forbid_ids",)), trace(0.1))

    assert ring.forgot + len(ring) == 10
    assert ring.forgot > 0
    assert f"{ring.forgot} ids are too old" in dict(facts(result))["isolation"]
    assert "too old" not in dict(facts(merged(trace(0.1, isolation=("isolation.forbid_ids",)))))["isolation"]


def test_a_process_without_a_result_fails_the_run() -> None:
    result = merged(trace(0.1), lost=["process 2 of 2 left no result (exit -9)"])

    assert result.verdict is LoadVerdict.FAILED
    assert result.reasons == ("process 2 of 2 left no result (exit -9)",)


@given(st.integers(1, 500), st.integers(1, 16), st.floats(0, 1000))
def test_shares_add_up_to_the_whole(users: int, processes: int, rate: float) -> None:
    spec = msgspec.structs.replace(SPEC, users=users, rate=rate)
    shares = share_out(spec, min(processes, users), [""] * min(processes, users))

    assert [index for one in shares for index in range(one.first, one.first + one.users)] == list(range(users))
    assert sum(one.rate for one in shares) == pytest.approx(rate)
    assert {one.crowd for one in shares} == {users}


def test_arrivals_of_an_open_workload_come_at_their_rate_whoever_is_free() -> None:
    spec = msgspec.structs.replace(SPEC, rate=50.0, seconds=100.0)
    pace, chance = Pace(spec, begun=0.0), Somebody()
    pace.all_are_ready(0.0)
    due = []
    while (when := pace.next(0, chance, 0.0)) is not None:
        due.append(when)

    gaps = [after - before for before, after in itertools.pairwise(due)]
    assert len(due) == pytest.approx(5000, rel=0.1)
    assert statistics.stdev(gaps) == pytest.approx(statistics.fmean(gaps), rel=0.1)  # exponential


def test_a_users_turns_are_meant_to_begin_a_pace_apart_however_long_they_take() -> None:
    pace, chance = Pace(msgspec.structs.replace(SPEC, pace=2.0), begun=0.0), Somebody()
    first = pace.next(0, chance, 0.0)
    assert first is not None

    assert [pace.next(0, chance, now) for now in (first + 0.5, first + 7.0)] == [first + 2, first + 4]


def test_a_trace_is_read_as_it_was_written_and_a_newer_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    write_trace(trace(0.1), file)
    assert read_trace(file).totals.done == 1

    newer = json.loads(file.read_bytes()) | {"version": 99}
    file.write_text(json.dumps(newer))
    with pytest.raises(UserError, match="version 99"):
        read_trace(file)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(UserError, match="cut short"):
        read_trace(file)


def test_an_effect_has_the_interval_of_students_t_and_is_shown_only_outside_of_it() -> None:
    """Against numbers computed by hand: ratios 1.1, 1.2, 1.3 have the log mean 0.18 and t(2) = 4.303."""
    shown = effect("answer.p50", [(1.0, 1.1), (1.0, 1.2), (2.0, 2.6)])
    logs = [0.0953, 0.1823, 0.2624]
    around = 4.303 * statistics.stdev(logs) / 3**0.5

    assert shown.ratio == pytest.approx(1.1972, rel=1e-3)
    assert shown.low == pytest.approx(shown.ratio * 2.718281828**-around, rel=1e-2)
    assert not shown.is_shown
    assert effect("answer.p50", [(1.0, 1.2), (1.0, 1.21), (2.0, 2.42)]).is_shown


def test_equal_services_are_called_different_in_about_one_comparison_of_twenty() -> None:
    chance = random.Random(7)
    wrong = 0
    for _ in range(400):
        pairs = [(chance.lognormvariate(0, 0.2), chance.lognormvariate(0, 0.2)) for _ in range(6)]
        wrong += effect("turn.p50", pairs).is_shown

    assert wrong / 400 < 0.09


@pytest.mark.parametrize(
    ("chance", "freedom", "t"),
    [(0.05, 1, 12.706), (0.05, 2, 4.303), (0.05, 30, 2.042), (0.05, 40, 2.021), (0.05, 100, 1.984), (0.002, 10, 4.144)],
)
def test_quantiles_of_students_t_are_those_of_the_tables(chance: float, freedom: int, t: float) -> None:
    """NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2."""
    assert two_sided_t(chance, freedom) == pytest.approx(t, abs=6e-4)


def test_an_interval_for_many_measures_is_wider_than_one_for_one() -> None:
    pairs = [(1.0, 1.2), (1.0, 1.21), (2.0, 2.42)]
    one, many = effect("p50", pairs), effect("p50", pairs, measures=10)

    assert many.low < one.low < one.high < many.high
    assert "for all 10 measures together" in many.sentence
