"""Python written for one contract: a handler for each kind of event that expects the usual.

A handler first looks (`guard`): anything that would violate a rule, and anything unusual, hands the frame to the
interpreter, which explains it; nothing is changed until then. Then it moves the session (`act`): what is simple stands
in the text, the rest calls the functions that the interpreter calls. Verdicts are thus the same where the guards are
complete, which tests compare.
"""

from collections.abc import Iterable

from canonry.contract.compile.plan import Kind, Plan, Test
from canonry.contract.compile.stretch_writer import ScopeWriter
from canonry.contract.compile.tree import Tree, View
from canonry.contract.language.paths import Path


class Handler(ScopeWriter):
    """The text of the handler of one kind."""

    def lines(self, before: Iterable[str] = ()) -> list[str]:
        """Return the function: looks, then acts, then says which kind it was. ``before`` stands at its beginning."""
        kind = self.kind
        self._look_for_fresh()
        self._fields()
        self._schemas()
        self._direction()
        self._isolation()
        self._uniques()
        self._exchanges()
        for index in (*kind.needed, *kind.possible):
            self._enter(self.plan.scopes[index])
        for scope in self.holders:
            self._demands(scope)
        for span in self.plan.spans:
            if kind.index in span.touched or kind.index in span.refers_unless:
                self._span(span)
        for scope in reversed(list(self.holders)):
            self._leave(scope)
        self._doubted()
        self._canaries()
        shared = [f"S.event = {kind.name!r}" if "*" not in kind.name else "S.event = name_of(e)", "S.flawed = False"]
        shared += ["S.at = at", f"S.direction = {kind.direction!r}" if kind.direction else "S.direction = way"]
        self._drop_unread()
        body = [*self.guard, *(shared if self.shares else ()), *self.act]
        return [
            f"def kind_{kind.index}{'_fresh' if self.fresh else ''}(e, S, n, raw, at, way):  # {kind.name}",
            *(f"    {line}" for line in (*before, *body)),
            "    S.n = n + 1",
            f"    return {kind.index}",
        ]

    def _drop_unread(self) -> None:
        """Leave out the beginning of a name that only the look for a scope reads, which an event may belong to."""
        for index in self.kind.possible:
            begin = f"r_{index} = None"
            if begin in self.guard and sum(f"r_{index}" in line for line in (*self.guard, *self.act)) == 3:
                self.guard.remove(begin)

    def may_be_fresh(self) -> bool:
        """Whether an event of this kind opens a scope that it may also find open."""
        return any(self.opens_or_finds(self.plan.scopes[index]) for index in self.kind.needed)


def reads_of(plan: Plan, kind: Kind) -> list[Path]:
    """Return every path that the handler of a kind may read."""
    number = kind.index
    isolation = plan.isolation
    found = [test.path for test in kind.tests]
    found += [path for path, _ in isolation.session]
    found += [path for _, path, _ in isolation.owned]
    found += isolation.ids if isolation.forbid else ()
    for path, keys in isolation.text if isolation.canary else ():
        found += [path, *keys]
    found += [each.path for each in plan.uniques if not each.kinds or number in each.kinds]
    for index in (*kind.needed, *kind.possible):
        found += [*plan.scopes[index].key, *plan.scopes[index].constant]
    found += [each.path for each in plan.sequences if not each.kinds or number in each.kinds]
    found += [each.path for each in plan.states]
    for fold in plan.folds:
        found += [fold.path] if not fold.kinds or number in fold.kinds else []
        found += [fold.wholes[number]] if number in fold.wholes else []
    for exchange in plan.exchanges:
        found += exchange.key if number in exchange.request | exchange.reply else ()
    for span in plan.spans:
        if number in span.touched | span.refers_unless:
            outer = plan.spans[span.outer].key if span.outer >= 0 else ()
            more = [path for path in (span.parents, span.token_set, span.token_get) if path is not None]
            found += [
                *span.key,
                *span.same,
                *outer,
                *more,
                *span.chunks_need,
                *(path for one, path, _ in span.known if one == number),
            ]
    return found


def variant_lines(plan: Plan, family: str, tree: Tree) -> list[str]:
    """Return the beginning of the handler of an event on the wire: an event that is a variant goes to its handler."""
    *variants, _ = plan.families[family]
    view = View(tree, family)
    return [
        f"if {' and '.join(_test(test, view) for test in plan.kinds[index].tests)}: "
        f"return kind_{index}(e, S, n, raw, at, way)"
        for index in variants
    ]


def _test(test: Test, tree: View) -> str:
    text = tree.expression(test.path)
    match test.word:
        case "present":
            found = f"({text}) is not None"
        case "absent":
            found = f"({text}) is None"
        case "empty":
            found = f"not is_filled({text})"
        case "filled":
            found = f"is_filled({text})"
        case _:
            if test.values and all(isinstance(one, bool) for one in test.values):
                found = " or ".join(f"({text}) is {one}" for one in test.values)
            elif all(isinstance(one, str) for one in test.values):
                found = f"(v := {text}).__class__ is str and v in {test.values!r}"
            else:
                found = f"one_of({text}, {test.values!r})"
    return f"not ({found})" if test.negated else f"({found})"
