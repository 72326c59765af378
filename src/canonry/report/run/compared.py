"""A comparison of what tests take in two trees, as text and as JSON."""

import json
from collections import Counter
from typing import IO

import msgspec

from canonry.history.statistics.paired import ALIKE, Verdict
from canonry.report.run.words import legal
from canonry.report.style import plural, printable
from canonry.run.comparing import Compared, TestCompared

_SHOWN = 50


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared with what: the name that was given, its commit, and what stands here."""

    name: str
    there: str
    here: str
    dirty: bool = False


def render(question: Question, compared: Compared, out: IO[str], *, verbose: bool = False) -> None:
    """Writes a line for each test that became slower or faster, then the numbers; with ``verbose`` all tests."""
    shown = Verdict if verbose else (Verdict.SLOWER, Verdict.FASTER)
    for verdict in shown:
        listed = compared.of(verdict)
        for each in listed[:_SHOWN] if not verbose else listed:
            out.write(f"{verdict.value:>10}  {_line(each)}\n")
        if len(listed) > _SHOWN and not verbose:
            out.write(f"{'':>10}  and {len(listed) - _SHOWN:,} more (-v)\n")
    for why, count in Counter(compared.left_out.values()).most_common():
        nodes = [node for node, said in compared.left_out.items() if said == why]
        named = ", ".join(printable(each) for each in (nodes if verbose else nodes[:3]))
        more = f" and {count - 3:,} more" if count > 3 and not verbose else ""
        out.write(f"{'left out':>10}  {plural(count, 'test')}: {why}: {named}{more}\n")
    counts = ", ".join(f"{len(compared.of(each)):,} {_NOUNS[each]}" for each in Verdict)
    here = f"{question.here[:10]}{' with uncommitted changes' if question.dirty else ''}"
    out.write(
        f"{plural(len(compared.tests), 'test')} of {here} compared with `{printable(question.name)}` "
        f"({question.there[:10]}) in {plural(compared.runs, 'run')}: {counts}\n"
    )


def render_json(question: Question, compared: Compared, out: IO[str]) -> None:
    """Writes the same as one object, with every test."""
    document = {
        **msgspec.to_builtins(question),
        "runs": compared.runs,
        "counts": {each.value: len(compared.of(each)) for each in Verdict},
        "tests": [
            {"node": each.node, "here-seconds": each.here, "there-seconds": each.there, **_numbers(each)}
            for each in compared.tests
        ],
        "left-out": compared.left_out,
    }
    out.write(legal(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")


_NOUNS = {
    Verdict.SLOWER: "slower",
    Verdict.FASTER: "faster",
    Verdict.SAME: f"the same (within {ALIKE} times)",
    Verdict.NOT_ENOUGH: "that cannot be told",
}


def _numbers(each: TestCompared) -> dict[str, object]:
    paired = each.paired
    return {
        "verdict": paired.verdict.value,
        "ratio": paired.ratio,
        "low": paired.low,
        "high": paired.high,
        "pairs": paired.pairs,
        "chance": paired.chance,
    }


def _line(each: TestCompared) -> str:
    paired = each.paired
    times = f"{paired.ratio:.2f} times ({paired.low:.2f} to {paired.high:.2f})"
    seconds = f"{each.here:.3f}s, was {each.there:.3f}s"
    return f"{times}  {seconds}  {printable(each.node)}  ({plural(paired.pairs, 'pair')})"
