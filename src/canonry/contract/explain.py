"""A rule of a contract, explained: what it demands, why, where that is written, and a stream that breaks it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from canonry.contract import protocols
from canonry.contract.compile.plan import WAY_RULE, Rule
from canonry.contract.examine import examine
from canonry.contract.language.shape import nearest
from canonry.contract.load import LoadedContract, load_contract, shipped
from canonry.contract.mutate.matrix import Mutant, Outcome, kill_matrix
from canonry.model.errors import UserError

_WHY = {
    "frame": "what is no event cannot be judged; it would be passed over in silence",
    "recording": "a line that is misread hides what was sent",
    "unknown": "a client that does not know an event ignores it, and what it said is lost",
    "direction": "an event that comes from the wrong side was forged, or echoed by mistake",
    "fields": "a client reads this field; where it is missing or of another type it fails, or shows nothing",
    "schema": "a client reads the event by this schema; another shape fails where it is read",
    "opened": "what belongs to nothing that was opened is shown nowhere, or in the wrong place",
    "once": "a second opening starts what is under way anew, and mixes two of them up",
    "closed": "what comes after the end is lost, or is shown as if it had not ended",
    "ended": "a user waits for an end that never comes: a stream that just stops is no success",
    "key": "an event that does not say which one it belongs to cannot be attributed",
    "inside": "what stands inside needs what is around it: a client has nowhere to put it",
    "before": "what is still open when the whole has ended stays open on the screen",
    "constant": "what changes its owner or place half-way mixes two conversations up",
    "same": "an end that tells of something else belongs to another beginning",
    "alone": "two at once cannot be told apart by a client that expects one",
    "parents": "a client draws the tree of calls from these; a wrong parent hangs it into another branch",
    "refers": "a reference to what was never there cannot be resolved",
    "token": "progress of nothing that is under way updates nothing, or something else",
    "needs": "what begins without this cannot be shown",
    "span closed": "a user sees it working for ever",
    "count": "too few and a step is skipped unseen, too many and it is done or shown twice",
    "order": "what comes out of order is shown in an order that never was",
    "sequence": "a number that is missing is an event that was lost; one that comes twice was sent twice",
    "states": "a status that moves where no way leads was never really reached",
    "fold": "pieces that do not add up to the whole show the user another text than the one that is stored",
    "unique": "two events with one id: one of them is taken for a repetition and dropped",
    "deadline": "a user who waits longer than this believes that nothing happens",
    "isolation": "it belongs to somebody else: nobody but its owner may see it",
    "quiet": "what comes right after the end was sent by something that does not know that it is over",
    "exchange": "a message without an answer leaves its sender waiting",
    "close_codes": "a client decides by the code whether to come back, to log in again, or to give up",
}


class Explained(msgspec.Struct, frozen=True):
    """A rule with everything that is known of it. ``example`` are the fewest lines of the mutant that break it.

    ``line`` is the one of the contract's file, ``source`` what stands beside it as its place in a specification.
    """

    contract: str
    file: str
    rule: Rule
    why: str
    line: int | None
    source: str
    mutant: Mutant
    example: tuple[str, ...]
    others: tuple[str, ...] = ()


def explain(name: str, contract: str | None = None, *, seed: int = 0) -> Explained:
    """Return what is known of a rule; without ``contract``, of the first shipped contract that has it.

    Raises UserError for a rule that is not there.
    """
    loaded = [load_contract(each) for each in ([contract] if contract is not None else _shipped())]
    having = [each for each in loaded if any(rule.id == name for rule in each.plan.rules)]
    if not having:
        known = dict.fromkeys(rule.id for each in loaded for rule in each.plan.rules)
        near = nearest(name, known)
        where = f"the contract `{contract}`" if contract is not None else "no shipped contract"
        says = f"{where} has no rule `{name}`" if contract is not None else f"{where} has a rule `{name}`"
        hint = f"did you mean `{near}`?" if near else "`canonry contract mutants CONTRACT` lists all rules"
        raise UserError(f"{says}; {hint}")
    chosen = having[0]
    rule = next(each for each in chosen.plan.rules if each.id == name)
    mutant = kill_matrix(chosen.plan, seed=seed, only=frozenset([name])).mutants[0]
    return Explained(
        contract=chosen.contract.contract,
        file=chosen.file,
        rule=rule,
        why=why(rule),
        line=chosen.line(rule.path),
        source=source_note(chosen, rule),
        mutant=mutant,
        example=tuple(counter_example(chosen, mutant)),
        others=tuple(each.contract.contract for each in having[1:]),
    )


def why(rule: Rule) -> str:
    """Return what goes wrong where a rule is broken."""
    head = str(rule.path[0])
    match head:
        case "transport":
            return _WHY[{WAY_RULE: WAY_RULE, "recording.line": "recording"}.get(rule.id, "frame")]
        case "discriminator":
            return _WHY["frame"]
        case "envelope":
            return _WHY["fields"]
        case "events":
            return _WHY[next((each for each in ("direction", "schema") if rule.id.startswith(f"{each}.")), "fields")]
        case "scopes" | "spans":
            what = rule.id[len(str(rule.path[1])) + 1 :].partition(".")[0].partition("#")[0]
            return _WHY["span closed" if head == "spans" and what == "closed" else what]
        case "policy":
            return _WHY["order" if rule.id.startswith("order.") else "count"]
        case _:
            return _WHY[head]


def source_note(contract: LoadedContract, rule: Rule) -> str:
    """Return the comment beside the line that a rule follows from, or above it: its place in a specification."""
    text = _text(contract)
    if text is None:
        return ""
    lines = text.splitlines()
    for length in range(len(rule.path), 0, -1):
        mark = contract.marks.get(rule.path[:length])
        if mark is None:
            continue
        beside = _comment(lines[mark.line - 1])
        above = []
        number = mark.line - 2
        while number >= 0 and lines[number].lstrip().startswith("#"):
            above.append(lines[number].lstrip().lstrip("# ").rstrip())
            number -= 1
        found = beside or " ".join(reversed(above))
        if found:
            return found
    return ""


def counter_example(contract: LoadedContract, mutant: Mutant) -> Iterator[str]:
    """Yield the fewest lines of a mutant's recording that break the rule."""
    if mutant.stream is None or mutant.outcome is not Outcome.KILLED:
        return
    lines = [line.encode() + b"\n" for line in mutant.stream.lines]
    examined = examine(contract, [("mutant", lines)], facts=mutant.stream.facts)
    for finding in examined.findings:
        if finding.violation.rule == mutant.rule:
            for place in finding.example or ((finding.place,) if finding.place is not None else ()):
                yield lines[place.line - 1].decode().strip()
            return


def _shipped() -> list[str]:
    """The shipped contracts, the one of canonry's own reference service first."""
    return sorted(shipped(), key=lambda name: (name != "agent-events", name))


def _text(contract: LoadedContract) -> str | None:
    file = Path(contract.file)
    if contract.file in shipped():
        file = Path(protocols.__path__[0]) / f"{contract.file}.yaml"
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError):
        return None


def _comment(line: str) -> str:
    """What stands behind `` # `` in a line of YAML, outside quotes."""
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#" and (index == 0 or line[index - 1] == " "):
            return line[index + 1 :].strip()
    return ""
