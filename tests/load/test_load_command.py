"""`canonry load` as a user runs it: processes, formats, interrupts, and what is said about mistakes."""

import csv
import json
import resource
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from canonry.load.find import find_scenario
from canonry.load.limits import require_files
from canonry.load.spec import LoadSpec
from canonry.model.errors import UserError
from tests.load.conftest import Start
from tests.workbench import ROOT, call_canonry, environment


def load(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A run whose controller is this process; what drives the users are processes of their own, as always."""
    return call_canonry("load", *words, cwd=cwd)


class _Balanced(HTMLParser):
    """Whether every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.outside += [str(value) for name, value in attrs if name in ("src", "href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_two_processes_are_merged_and_every_format_says_the_same(bare_chat: Start, tmp_path: Path) -> None:
    url = bare_chat(events=7)
    asked = ("golden", "--url", url, "--users", "4", "--processes", "2", "--turns", "3", "-q")

    done = load(*asked, "--output-format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["totals"]["done"] == 12
    assert found["totals"]["frames"] == 4 + 12 * 7
    assert found["processes"] == 2

    full = load(*asked, cwd=tmp_path)
    assert full.stdout.splitlines()[-1] == "passed"
    assert "12 done, 0 failed" in full.stdout


def test_a_leak_fails_the_run_and_stands_in_the_page_with_its_witnesses(bare_chat: Start, tmp_path: Path) -> None:
    url = bare_chat(fault="rewritten-leak", fault_at=5)
    page = tmp_path / "page.html"
    done = load(
        "golden", "--url", url, "--users", "4", "--turns", "3", "--output-format", "html", "--output-file",
        str(page), cwd=tmp_path,
    )  # fmt: skip

    parser = _Balanced()
    parser.feed(page.read_text())
    assert done.returncode == 1
    assert "canonry: failed: " in done.stderr
    assert f"the report is in {page}" in done.stderr
    assert not parser.open
    assert not parser.outside  # nothing is fetched
    assert "isolation.canary" in page.read_text()
    assert "somebody asked" in page.read_text()


def test_a_missed_threshold_fails_the_run_and_csv_has_locusts_columns(bare_chat: Start, tmp_path: Path) -> None:
    url = bare_chat()
    done = load(
        "golden", "--url", url, "--users", "2", "--turns", "2", "--threshold", "turn.p50<=0.01ms", "--output-format", "csv",
        cwd=tmp_path,
    )  # fmt: skip
    rows = list(csv.DictReader(done.stdout.splitlines()))

    assert done.returncode == 1
    assert next(row for row in rows if row["Name"] == "Aggregated")["Request Count"] == "4"
    assert list(rows[0])[:5] == ["Type", "Name", "Request Count", "Failure Count", "Median Response Time"]


def test_thresholds_stand_in_the_canon_too(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "canonry.toml").write_text('[load.golden]\n"turn.p50" = "0.01ms"\n')
    done = load("golden", "--url", bare_chat(), "--users", "1", "--turns", "1", "-q", cwd=tmp_path)

    assert done.returncode == 1
    assert "`turn.p50` has to be at most 0.01 ms" in done.stdout


def test_an_interrupt_leaves_a_partial_result(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    process = subprocess.Popen(
        [sys.executable, "-m", "canonry", "load", "own.py:Telling", "--url", bare_chat(), "--users", "2", "--for", "60s",
         "--think", "20ms", "--output-format", "json", "-q"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "turned").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    found = json.loads(out)

    assert process.returncode == 130
    assert found["verdict"] == "partial"
    assert found["totals"]["frames"] > 0


OWN = """
from canonry.load.chat import ChatScenario
from canonry.load.scenarios.golden import Golden


class Own(ChatScenario):
    async def turn(self, user):
        raise ValueError("no such thing")


class Telling(Golden):
    async def turn(self, user):
        await super().turn(user)
        open("turned", "w").close()


class Idle(ChatScenario):
    async def turn(self, user):
        pass
"""


def test_a_scenario_that_raises_is_a_failure_by_class_and_place(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = load(
        "own.py:Own",
        "--url",
        bare_chat(),
        "--users",
        "1",
        "--turns",
        "1",
        "-q",
        "--output-format",
        "json",
        cwd=tmp_path,
    )
    (failure,) = json.loads(done.stdout)["failures"]

    assert done.returncode == 5  # it received nothing
    assert failure == "scenario: ValueError at own.py:8"


def test_a_run_that_judged_nothing_is_no_success(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = load("own.py:Idle", "--url", bare_chat(), "--users", "1", "--turns", "1", cwd=tmp_path)

    assert done.returncode == 5
    assert "no event was received" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("golden",), "where is the service? write `--url http://HOST:PORT`"),
        (("golden", "--url", "http://127.0.0.1:9"), "nothing answers at `http://127.0.0.1:9`"),
        (("golden", "--url", "127.0.0.1:9"), "is no address of a service"),
        (("gold", "--url", "http://127.0.0.1:9"), "there is no scenario `gold`; name one of golden"),
        (("own.py:Other", "--url", "http://127.0.0.1:9"), "has no scenario `Other`; its subclasses"),
        (("golden", "--url", "http://127.0.0.1:9", "--option", "colour=red"), "has no option `colour`; it takes"),
        (("golden", "--url", "http://127.0.0.1:9", "--for", "soon"), "`--for soon` is no time"),
        (("golden", "--url", "http://127.0.0.1:9", "--chaos", "flood"), "is no disturbance; write `KIND:SHARE%@EVERY`"),
        (("golden", "--url", "http://127.0.0.1:9", "--think", "3s..1s"), "ends before it begins"),
        (("golden", "--url", "http://127.0.0.1:9", "--contract", "agent-event"), "did you mean `agent-events`?"),
        (("golden", "--url", "http://[::1"), "is no address"),
        (("golden", "--url", "http://x", "--chaos", "cut:1.2.3%"), "is no disturbance"),
        (("golden", "--url", "http://x", "--chaos", "cut@0s"), "leaves no time between; write `@10ms` or more"),
        (("golden", "--url", "http://x", "--pace", "1s", "--rate", "5"), "`--pace` and `--rate` both say"),
        (("golden", "--url", "http://x", "--pace", "1s", "--think", "5s"), "`--pace` and `--think` both say"),
        (("locust:x.py:U", "--url", "http://x", "--turns", "5"), "Locust counts no turns; end the run with `--for`"),
        (("locust:x.py:U", "--url", "http://x"), "how long should Locust run? write `--for 30s`"),
        (("locust:x.py:U", "--url", "http://x", "--for", "1s", "--seed", "5"), "`--seed` does nothing here"),
        (("locust:x.py:U", "--url", "http://x", "--for", "1s", "--insecure"), "`--insecure` does nothing here"),
        (("golden", "--compare", "http://x", "http://y", "--url", "http://z"), "`--url` does nothing here"),
        (("golden", "--compare", "http://x", "http://y", "--output-format", "html"), "a comparison has no html report"),
        (("ticket-race", "--url", "http://x", "--option", "racers=many"), "is no number of connections"),
    ],
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    done = call_canonry("load", *words, cwd=tmp_path)

    assert done.returncode == 2
    assert sentence in done.stderr


def test_users_that_may_not_open_enough_files_are_told_how_many_fit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20

    with pytest.raises(UserError, match=r"[0-9,]+ users fit"):
        require_files(hard * 2, 1)
    require_files(10, 1)
    with pytest.raises(UserError, match=r"[0-9,]+ users fit"):
        require_files(hard // 4, 1, each=find_scenario("ticket-race", {"racers": "30"}).files)


def test_the_list_names_every_scenario_with_what_it_does(tmp_path: Path) -> None:
    said = call_canonry("load", "--list", cwd=tmp_path).stdout

    for name in ("golden", "reconnect", "storm", "slow-reader", "token-expiry", "ticket-race", "soak"):
        assert name in said
    assert "--option racers=20: connections that try the same ticket" in said


def test_a_spec_goes_through_json_unchanged() -> None:
    import msgspec

    spec = LoadSpec(scenario="golden", url="http://x", users=3, seconds=1.0, options={"a": "b"})
    assert msgspec.json.decode(msgspec.json.encode(spec), type=LoadSpec) == spec


def locust(kind: str, url: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A run of a class of the locustfile."""
    plugins = ROOT / ".venv" / "plugins"
    if not (plugins / "locust").is_dir():
        pytest.fail("locust is not in .venv/plugins; run `make setup`")
    return subprocess.run(
        [sys.executable, "-m", "canonry", "load", f"locust:{ROOT / 'tests/load/locustfile.py'}:{kind}", "--url", url,
         "--users", "2", *words, "--output-format", "json"],
        cwd=cwd, capture_output=True, text=True, timeout=60, env=environment(PYTHONPATH=str(plugins)),
    )  # fmt: skip


def test_a_locust_class_runs_unchanged_and_is_judged(bare_chat: Start, tmp_path: Path) -> None:
    """It closes its connections and sends a pong: neither is an event."""
    url = bare_chat(fault="gap", fault_at=5)
    done = locust("ChatUser", url, "--for", "2s", "--processes", "1", cwd=tmp_path)
    found = json.loads(done.stdout)

    assert done.returncode == 1, done.stderr
    assert found["rules"] == {"sequence.seq": 1}
    assert found["totals"]["done"] > 5
    assert {one["name"] for one in found["timings"]} == {"answer", "turn"}
    assert "isolation.canary" not in found["isolation"]
    assert "Locust" in done.stderr  # what is not measured is said


def test_a_line_that_the_service_drops_under_locust_is_the_services_fault(bare_chat: Start, tmp_path: Path) -> None:
    url = bare_chat(fault="drop", fault_at=3)
    done = locust("Faithful", url, "--for", "2s", "--processes", "1", "-q", cwd=tmp_path)
    found = json.loads(done.stdout)

    assert found["rules"].get("run.ended") == 1, found["rules"]
    assert found["totals"]["received"] == found["totals"]["judged"]


def test_ids_are_compared_between_processes_of_locust(bare_chat: Start, tmp_path: Path) -> None:
    """Each process has one user, and both are told the same run: neither process could know."""
    url = bare_chat(fault="shared-run")
    found = json.loads(locust("Faithful", url, "--for", "1s", "--processes", "2", "-q", cwd=tmp_path).stdout)

    assert found["rules"]["isolation.forbid_ids"] >= 1
    assert any("in another process" in one["message"] for one in found["leaks"])


def test_two_services_are_compared_and_the_slower_one_is_named(bare_chat: Start, tmp_path: Path) -> None:
    quick, slow = bare_chat(delay=0.5), bare_chat(delay=2.0)  # so long that a busy machine adds little to either
    done = load("golden", "--compare", quick, slow, "--rounds", "4", "--users", "1", "--turns", "1", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "answer.p50: B is worse" in done.stdout
    assert "measures together" in done.stdout
    assert "4 rounds are few" in done.stderr


def test_thresholds_hold_in_each_run_of_a_comparison(bare_chat: Start, tmp_path: Path) -> None:
    """Those of the canon too, and what the command line says of the same measure counts instead."""
    (tmp_path / "canonry.toml").write_text('[load.golden]\n"answer.p50" = "190ms"\n"answer.p99" = "1ms"\n')
    slow = bare_chat(delay=0.2)
    done = load(
        "golden", "--compare", slow, slow, "--rounds", "2", "--users", "1", "--turns", "1", "-q",
        "--threshold", "answer.p99<=60s", cwd=tmp_path,
    )  # fmt: skip
    failed = [line for line in done.stdout.splitlines() if line.startswith("failed: ")]

    assert done.returncode == 1, done.stderr
    assert [line.split(":")[1].strip() for line in failed] == ["A, run 1", "B, run 1", "A, run 2", "B, run 2"]
    assert all("`answer.p50` has to be at most 190 ms" in line and "p99" not in line for line in failed)


def test_an_interrupted_comparison_ends_with_the_run_that_was_interrupted(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    url = bare_chat()
    process = subprocess.Popen(
        [sys.executable, "-m", "canonry", "load", "own.py:Telling", "--compare", url, url, "--for", "60s", "--users", "1",
         "--think", "20ms", "--processes", "1"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "turned").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "interrupted" in said


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(bare_chat: Start, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "own.py").write_text(OWN)
    process = subprocess.Popen(
        [sys.executable, "-m", "canonry", "load", "own.py:Telling", "--url", bare_chat(), "--for", "60s", "--users", "2",
         "--think", "20ms", "--processes", "2", "-q"],
        cwd=tmp_path, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not (tmp_path / "turned").exists() and process.poll() is None:
        time.sleep(0.05)
    children = [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.send_signal(number)
    process.wait(30)
    ends = time.monotonic() + 30
    while any(map(_runs, children)) and time.monotonic() < ends:
        time.sleep(0.1)

    assert len(children) == 2
    assert not [one for one in children if _runs(one)]


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_service_of_the_canon_is_started_for_the_run_and_restarted_in_it(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tests.load.bare_chat --port {{port}} --events 7"
    (tmp_path / "canonry.toml").write_text(
        f'[services.chat]\nkind = "command"\ncommand = """{command}"""\n[services.chat.env]\nPYTHONPATH = "{ROOT}"\n'
    )
    done = load(
        "golden", "--service", "chat", "--users", "2", "--for", "12s", "--pace", "100ms", "--processes", "1", "-q",
        "--chaos", "restart=chat@4s/200ms", "--threshold", "failures<=95%", "--output-format", "json", cwd=tmp_path,
    )  # fmt: skip
    found = json.loads(done.stdout)

    assert any(kind.startswith("closed") or kind == "no connection" for kind in found["failures"]), done.stderr
    assert found["totals"]["connections"] > 2  # they came back
    assert found["totals"]["done"] > 2


def test_only_what_was_started_for_the_run_is_restarted(tmp_path: Path, bare_chat: Start) -> None:
    done = call_canonry("load", "golden", "--url", bare_chat(), "--chaos", "restart=chat@1s", cwd=tmp_path)
    assert done.returncode == 2
    assert "add `--service chat`" in done.stderr
