"""AG-UI's own `verifyEvents` beside the ag-ui contract: what an event costs, and which streams each refuses.

Needs npm, and asks its registry for @ag-ui/client and rxjs once:

$ python -m benchmarks.contract_verifiers [--runs 2000] [--node-modules FOLDER]

Both are given lines of text: one long session of right runs for the cost (CPU seconds of each process over all of it,
start left out), and every hand-written ag-ui stream of the tests for the verdicts, connection by connection.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canonry.contract.check.checker import Checker
from canonry.contract.load import load_contract
from tests.contract.recorded import streams

PACKAGES = ("@ag-ui/client@1.0.0", "rxjs@7")
_SCRIPT = """
import { verifyEvents } from "@ag-ui/client";
import { from } from "rxjs";
import { readFileSync } from "node:fs";
for (const text of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const lines = text.trimEnd().split("\\n");
  const begun = process.cpuUsage();
  let seen = 0, failed = "";
  from(lines.map((line) => JSON.parse(line))).pipe(verifyEvents(false)).subscribe({
    next: () => { seen += 1; }, error: (problem) => { failed = String(problem); } });
  const spent = process.cpuUsage(begun);
  console.log(JSON.stringify({ seen, failed, seconds: (spent.user + spent.system) / 1e6 }));
}
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=2000, help="runs of 13 events")
    parser.add_argument("--node-modules", type=Path, help="a folder that npm has installed the packages into")
    options = parser.parse_args()
    npm = shutil.which("npm")
    if npm is None:
        parser.error("there is no npm; install Node.js, or leave this comparison out")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.node_modules or Path(temporary)
        if not (folder / "node_modules" / "@ag-ui" / "client").exists():
            subprocess.run([npm, "install", "--silent", "--prefix", str(folder), *PACKAGES], check=True)
        (folder / "verify.mjs").write_text(_SCRIPT)
        report(folder, options.runs)


def report(folder: Path, runs: int) -> None:
    """Print what both say and cost."""
    long = [json.dumps(event) for number in range(runs) for event in run_events(number)]
    cases = [
        (stream.name, name == "valid", frames) for name in ("valid", "broken") for stream, frames in _written(name)
    ]
    found = verified(folder, [long, *(frames for _, _, frames in cases)])
    checker = Checker(load_contract("ag-ui").plan)
    receive = checker.session("long").receive
    begun = time.process_time()
    for number, line in enumerate(long):
        receive(line, at=number / 1000, direction="out")
    ours = (time.process_time() - begun) / len(long)
    theirs = found[0]["seconds"] / len(long)
    print("| checker | ns an event | valid streams accepted | broken streams refused |\n| -- | --: | --: | --: |")
    refused = [bool(one["failed"]) for one in found[1:]]
    print(f"| `verifyEvents` | {theirs * 1e9:,.0f} | {_score(cases, refused)} |")
    refused = [_refuses(checker, frames, f"{number}") for number, (_, _, frames) in enumerate(cases)]
    print(f"| `ag-ui` | {ours * 1e9:,.0f} | {_score(cases, refused)} |")


def run_events(number: int) -> Iterator[dict[str, Any]]:
    """One right run: a text of six pieces and a tool call."""
    run, message, call = (
        {"threadId": "t", "runId": f"r{number}"},
        {"messageId": f"m{number}"},
        {"toolCallId": f"c{number}"},
    )
    yield {"type": "RUN_STARTED", **run}
    yield {"type": "TEXT_MESSAGE_START", **message, "role": "assistant"}
    for _ in range(6):
        yield {"type": "TEXT_MESSAGE_CONTENT", **message, "delta": "some words of the answer "}
    yield {"type": "TEXT_MESSAGE_END", **message}
    yield {"type": "TOOL_CALL_START", **call, "toolCallName": "search"}
    yield {"type": "TOOL_CALL_ARGS", **call, "delta": "{}"}
    yield {"type": "TOOL_CALL_END", **call}
    yield {"type": "RUN_FINISHED", **run}


def verified(folder: Path, texts: list[list[str]]) -> list[dict[str, Any]]:
    """Return what `verifyEvents` makes of each list of lines: how many it passed on, its error, CPU seconds."""
    given = folder / "streams.json"
    given.write_text(json.dumps(["\n".join(lines) for lines in texts]))
    done = subprocess.run(["node", "verify.mjs", str(given)], cwd=folder, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _written(name: str) -> Iterator[tuple[Any, list[str]]]:
    """The streams of a file in which every line is an event, of one connection each."""
    for stream in streams("ag-ui", name):
        for connection in dict.fromkeys(line["conn"] for line in stream.lines):
            yield (
                stream,
                [json.dumps(line["event"]) for line in stream.lines if line["conn"] == connection and "event" in line],
            )


def _refuses(checker: Checker, frames: list[str], name: str) -> bool:
    session = checker.session(name)
    for frame in frames:
        session.receive(frame)
    return bool(session.end().violations)


def _score(cases: list[tuple[str, bool, list[str]]], refused: list[bool]) -> str:
    valid = [not no for (_, good, _), no in zip(cases, refused, strict=True) if good]
    broken = [no for (_, good, _), no in zip(cases, refused, strict=True) if not good]
    return f"{sum(valid)} of {len(valid)} | {sum(broken)} of {len(broken)}"


if __name__ == "__main__":
    main()
