"""The result of a load run: the traces of all processes merged, thresholds held against it, one verdict."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canonry.load.latency import PERCENTILES, Latencies
from canonry.load.spec import LoadSpec, described
from canonry.load.thresholds import hold
from canonry.load.trace import Trace
from canonry.model.load import (
    WITNESSES,
    Failure,
    Held,
    Leak,
    LoadResult,
    LoadVerdict,
    Reach,
    Sample,
    Threshold,
    Timing,
    Totals,
)


def merge(
    traces: Sequence[Trace],
    *,
    spec: LoadSpec,
    contract: str,
    thresholds: Iterable[Threshold] = (),
    lost: Sequence[str] = (),
    restarts: Mapping[str, int] | None = None,
    interrupted: bool = False,
) -> LoadResult:
    """Return what all processes saw together. ``lost`` are sentences about processes that left no trace."""
    totals, latencies = Totals(), Latencies()
    failures: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    disturbed: Counter[str] = Counter(restarts or {})
    first: dict[str, Failure] = {}
    for trace in traces:
        for name in totals.__struct_fields__:
            setattr(totals, name, getattr(totals, name) + getattr(trace.totals, name))
        latencies.add(trace.latencies)
        failures.update(trace.failures)
        rules.update(trace.rules)
        disturbed.update(trace.disturbed)
        for kind, one in trace.first_failures.items():
            first[kind] = min(first.get(kind, one), one, key=lambda failure: failure.at)
    leaks = [leak for trace in traces for leak in trace.leaks]
    for leak in _shared_ids(traces):
        rules[leak.rule] += 1
        leaks.insert(0, leak)
    result = LoadResult(
        scenario=spec.scenario,
        contract=contract,
        spec=described(spec),
        started=min((trace.started for trace in traces), default=0.0),
        seconds=max((trace.seconds for trace in traces), default=0.0),
        cpu=sum(trace.cpu for trace in traces),
        memory=sum(trace.memory for trace in traces),
        lag=max((trace.lag for trace in traces), default=0.0),
        processes=len(traces),
        totals=totals,
        timings=tuple(_timing(latencies, name) for name in latencies.names()),
        failures=dict(failures.most_common()),
        first_failures=first,
        rules=dict(rules.most_common()),
        leaks=tuple(_varied(leaks)),
        samples=tuple(_summed([trace.samples for trace in traces])),
        steady=_steady(traces),
        disturbed=dict(disturbed),
        isolation=traces[0].isolation if traces else (),
        ids_forgotten=sum(trace.ids_forgotten for trace in traces),
        reach=_reached([trace.reach for trace in traces]),
        thresholds=(),
        verdict=LoadVerdict.PASSED,
        reasons=(),
        encoded=latencies.encoded(),
    )
    held = tuple(hold(one, result) for one in thresholds)
    verdict, reasons = _verdict(result, held, lost, interrupted=interrupted)
    return msgspec.structs.replace(result, thresholds=held, verdict=verdict, reasons=reasons)


def _verdict(
    result: LoadResult, held: Sequence[Held], lost: Sequence[str], *, interrupted: bool
) -> tuple[LoadVerdict, tuple[str, ...]]:
    totals = result.totals
    if not totals.frames:
        why = next(iter(result.first_failures.values()), None)
        reason = f"no event was received{f': {why.message.splitlines()[-1]}' if why else ''}"
        return LoadVerdict.PARTIAL if interrupted else LoadVerdict.NOTHING_JUDGED, (reason, *lost)
    if not totals.done and not totals.failed and not interrupted:
        reason = "no turn was done" + (
            f", {totals.cut_off:,} had not ended when the time was over" * bool(totals.cut_off)
        )
        return LoadVerdict.NOTHING_JUDGED, (reason, *lost)
    reasons = [*lost]
    if totals.received != totals.judged:
        reasons.append(f"{totals.received:,} events were handed to the checker, and it judged {totals.judged:,}")
    if result.rules:
        count = sum(result.rules.values())
        reasons.append(
            f"{count:,} violation{'' if count == 1 else 's'} of `{result.contract}`: {', '.join(result.rules)}"
        )
    if totals.refused:
        reasons.append(f"{totals.refused:,} of {totals.users + totals.refused:,} users could not begin")
    if totals.missed:
        reasons.append(f"{totals.missed:,} arrivals found nobody free; take more `--users`, or a lower `--rate`")
    reasons += [
        f"`--chaos {kind}` met nobody; run longer, or more often"
        for kind in dict.fromkeys(one["kind"] for one in result.spec.get("disturbances", ()))
        if not result.disturbed.get(kind)
    ]
    if not any(one.threshold.measure == "failures" for one in held) and totals.failed:
        ended = totals.done + totals.failed
        reasons.append(f"{totals.failed:,} of {ended:,} turns failed; `--threshold failures<=SHARE` allows some")
    reasons += [one.sentence for one in held if not one.is_held]
    if interrupted:
        return LoadVerdict.PARTIAL, ("interrupted: what was seen until then", *reasons)
    return (LoadVerdict.FAILED if reasons else LoadVerdict.PASSED), tuple(reasons)


def _steady(traces: Sequence[Trace]) -> tuple[int, float]:
    """Events between the moments when all users had begun and when the time was over, and the seconds between them."""
    events = sum(after.events - before.events for before, after in (trace.steady for trace in traces))
    seconds = max((after.at - before.at for before, after in (trace.steady for trace in traces)), default=0.0)
    return events, seconds


def _timing(latencies: Latencies, name: str) -> Timing:
    bounds = latencies.bounds(name)
    return Timing(
        name=name,
        count=latencies.count(name),
        mean=latencies.mean(name) or 0.0,
        least=bounds[0] if bounds else 0.0,
        percentiles={f"p{percent:g}": latencies.percentile(name, percent) or 0.0 for percent in PERCENTILES},
    )


def _shared_ids(traces: Sequence[Trace]) -> list[Leak]:
    """Ids that two processes saw, each with another user: neither process could know."""
    owners: dict[tuple[str, str], str] = {}
    found = []
    for trace in traces:
        for field, ids in trace.ids.items():
            for value, user in ids.items():
                known = owners.setdefault((field, value), user)
                if known != user:
                    message = f"`{field}` is `{value}`, which the session of `{known}` has too, in another process"
                    found.append(Leak(user, "isolation.forbid_ids", message, "", ()))
    return found


def _varied(leaks: Sequence[Leak]) -> list[Leak]:
    """The first `WITNESSES` of each rule, the first of each before the second of any."""
    nth: Counter[str] = Counter()
    ranked = []
    for leak in leaks:
        if nth[leak.rule] < WITNESSES:
            ranked.append((nth[leak.rule], leak))
        nth[leak.rule] += 1
    return [leak for _, leak in sorted(ranked, key=lambda pair: pair[0])]


def _reached(each: Sequence[Mapping[str, Reach]]) -> dict[str, Reach]:
    """How far each rule's violations reach in all processes; a conversation is in one of them."""
    found: dict[str, Reach] = {}
    for rule, one in (pair for reach in each for pair in reach.items()):
        so_far = found.get(rule, one)
        streams = one.streams + (so_far.streams if rule in found else 0)
        found[rule] = Reach(streams, min(so_far.first, one.first), max(so_far.last, one.last))
    return found


def _summed(samples: Sequence[Sequence[Sample]]) -> list[Sample]:
    """The samples of all processes, second by second; a process that ended keeps its last sums."""
    longest = max((len(one) for one in samples), default=0)
    found = []
    for second in range(longest):
        there = [one[min(second, len(one) - 1)] for one in samples if one]
        found.append(
            Sample(
                at=statistics.fmean(one.at for one in there),
                **{
                    name: sum(getattr(one, name) for one in there)
                    for name in ("users", "connections", "events", "turns", "failed", "violations")
                },
            )
        )
    return found
