"""What every part of a handler's text is written with, and the looks that know no scope."""

from collections.abc import Iterable

from canonry.contract.compile.plan import SESSION, FieldRule, Kind, Plan
from canonry.contract.compile.tree import Tree, View
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.item_test import item_test
from canonry.contract.language.paths import Path
from canonry.contract.language.schema_test import make_test

SLOW = "return slow(S, raw, at, way)"


class Writer:
    """The text of a handler that is being written: what it looks at, then what it does.

    ``holders`` are the names of the scopes at hand; one with ``?`` before it may be None. ``opened`` open in it. A
    ``fresh`` handler is for an event that finds its scope not open, of a kind that may find it open, too.
    """

    SLOW = SLOW

    def __init__(self, plan: Plan, kind: Kind, tree: Tree, *, fresh: bool = False) -> None:
        self.plan = plan
        self.fresh = fresh
        self.kind = kind
        self.tree = View(tree, kind.base)
        self.guard: list[str] = []
        self.act: list[str] = []
        self.constants: dict[str, object] = {}
        self.holders: dict[int, str] = {SESSION: "S.root"}
        self.opened: set[int] = set()
        self.shares = False
        self.nested = False
        self.names: dict[str, str] = {}
        self.ids: dict[str, Path] = {}
        """What has to be an id and was not looked at yet."""
        self.doubts: list[str | Path] = []
        """What has to be looked at only where the session is odd: a condition, or an id."""
        self.searches = False
        """Whether the text of every frame is searched for something."""
        self.around: dict[int, str] = {}
        """The spans that the event opens or finds open, by the names that they have."""

    def cell(self, holder: str, name: str, index: int) -> str:
        """Where a scope keeps what a rule knows."""
        return f"{holder}.c{getattr(self.plan.layout, name) + index}"

    def table(self, holder: str, index: int) -> str:
        """Where a scope keeps the spans of a kind that are open."""
        return f"{holder}.s{index}"

    def call(self, text: str) -> None:
        """A step that the interpreter takes too; it may report."""
        self.shares = True
        self.act.append(text)

    def slow_if(self, condition: str) -> None:
        """Hand the frame to the interpreter where a condition holds."""
        self.guard.append(f"if {condition}: {SLOW}")

    def expression(self, path: Path) -> str:
        """Return a Python expression of what stands at a path of the event: a name, where it has one already."""
        text = self.tree.expression(path)
        return self.names.get(text, text)

    def bind(self, name: str, path: Path) -> None:
        """Give what stands at a path a name, from here on."""
        text = self.tree.expression(path)
        self.guard.append(f"{name} = {self.names.get(text, text)}")
        if not self.nested:
            self.names.setdefault(text, name)

    def _fields(self) -> None:
        for rule in self.kind.fields:
            if self.tree.checks(rule):
                word = rule.kind.words[0] if rule.kind.words else ""
                text = self.expression(rule.path)
                there = "" if self.tree.sure(rule.path) else f"({text}) is not None and "
                if word == "id":
                    self.ids[rule.path.text] = rule.path
                elif word == "text":
                    self.slow_if(f"{there}({text}).isspace()")
                elif word == "rfc3339":
                    self.searches = True
                    zone = f"({text}).tzinfo is not UTC and BARE_ZONE(raw)"
                    self.slow_if(f"{there}('0000\"' in raw and BARE_ZONE(raw) or {zone})")
                continue
            number = f"KIND_{self.kind.index}_{len(self.constants)}"
            self.constants[number] = rule.kind
            if rule.items is not None:
                self._items(rule, number)
                continue
            if rule.kind.words == ("one",):
                there = " + ".join(f"(({self.expression(Path('', (way,)))}) is not None)" for way in rule.path.ways)
                self.slow_if(f"(o := {there}) > 1" + ("" if rule.kind.optional else " or o == 0"))
                continue
            ways = [self.expression(Path(rule.path.text, (way,))) for way in rule.path.ways]
            simple = _inline(rule.kind, "v", f"{number}.holds(v)")
            checks = [
                "True" if rule.kind.words == ("any",) else f"each_holds(v, {number})" if "[]" in way else simple
                for way in rule.path.ways
            ]
            good = " or ".join(
                f"((v := {way}) is not None and {check})" for way, check in zip(ways, checks, strict=True)
            )
            if rule.kind.holds(None):
                absent = " and ".join(f"({way}) is None" for way in ways)
                self.slow_if(f"not ({good} or ({absent}))")
            else:
                self.slow_if(f"not ({good})")

    def _items(self, rule: FieldRule, number: str) -> None:
        """What each item of a list has to have."""
        assert rule.items is not None
        head, tails = rule.items
        first = head.index("[]") if "[]" in head else len(head)
        if first < len(head):  # lists in lists
            self.constants[f"{number}_way"] = ("_", *head[first:])
            items = f"items_at({number}_way, {{'_': v}})"
        else:
            items = "v"
        self.constants[number] = item_test(tails, rule.kind)
        self.guard += [
            f"if (v := {self.expression(Path(rule.path.text, (head[:first],)))}).__class__ is list:",
            f"    for v in {items}:",
            f"        if not {number}(v): {SLOW}",
        ]

    def _schemas(self) -> None:
        """What a schema asks is asked of the whole event, which the struct is not."""
        for _, schema in self.kind.schemas:
            name = f"KIND_{self.kind.index}_{len(self.constants)}"
            self.constants[name] = make_test(schema)
            self.slow_if(f"not {name}(whole(raw))")

    def vouch(self, path: Path, kinds: Iterable[int]) -> None:
        """Takes an id for right that was compared with one that came with an event of these kinds.

        They looked at it. Unless the session is odd: then what was compared with need not be right.
        """
        if path.text in self.ids and all(self._is_id(self.plan.kinds[kind], path) for kind in kinds):
            self.doubts.append(self.ids.pop(path.text))

    def _is_id(self, kind: Kind, path: Path) -> bool:
        return any(rule.path == path and rule.kind.words == ("id",) for rule in kind.fields)

    def always_id(self, path: Path, kinds: Iterable[int]) -> bool:
        """Whether no event of these kinds is right without an id at a path."""
        return all(
            any(rule.path == path and rule.kind.words == ("id",) and not rule.kind.optional for rule in one.fields)
            for one in (self.plan.kinds[kind] for kind in kinds)
        )

    def _doubted(self) -> None:
        """The looks that are left for the end: ids that nothing vouches for, and the others where it is in doubt."""
        for path in self.ids.values():
            self.slow_if(self._no_id(path))
        if self.doubts:
            doubts = [self._no_id(one) if isinstance(one, Path) else one for one in self.doubts]
            self.slow_if(f"S.odd and ({' or '.join(f'({one})' for one in doubts)})")

    def _no_id(self, path: Path) -> str:
        """What is true where the decoder found a text or number that is no id after all."""
        text = self.expression(path)
        there = "" if self.tree.sure(path) else f"({text}) is not None and "
        if text.isidentifier():
            return f"{there}{no_id(text)}"
        return f"{there}{no_id('v', f'(v := {text})')}"

    def _direction(self) -> None:
        way = self.kind.direction
        if way:
            self.slow_if(f"way == {'in' if way == 'out' else 'out'!r}")
        if not self.plan.silences:
            return
        limit = min(each.seconds for each in self.plan.silences) + 1e-6
        deaf = {"in": " or S.open", "": " or (way == 'in' and S.open)"}.get(way, "")
        self.guard += [
            f"if at is None{deaf}: m = S.mark",
            f"elif 0.0 <= at - (m := S.mark) <= {limit!r}: m = at",
            "elif m < at:",
            *([] if way == "in" else [f"    if S.open: {SLOW}"]),
            "    m = at",
            "elif not at < m < INFINITY: m = at",
        ]
        self.act.append("S.mark = m")

    def _isolation(self) -> None:
        plan = self.plan.isolation
        known = self._verified()
        new = [(index, path) for index, path in enumerate(plan.ids if plan.forbid else ()) if path.text not in known]
        self._session(first=bool(new) or not self.kind.needed)
        for index, (_, path, _) in enumerate(plan.owned):
            if not self.tree.has(path):
                continue
            foreign = (
                f"(o := S.owned_{index}) is not None and (v := {self.expression(path)}) is not None and not "
                f"(hashable(v) and v in o)"
            )
            if path.text in known:
                self.doubts.append(foreign)
            else:
                self.slow_if(foreign)
        for index, path in new:
            value, is_new = f"i_{index}", f"new_{index}"
            odd = "" if self.tree.plain(path) else f"{value}.__class__ not in PLAIN or "
            user = "u" if plan.session else "S.user"
            other = f"(o := S.ids[{index}].get({value})) is not None and o is not {user}"
            self.bind(value, path)
            self.guard += [
                f"{is_new} = {value} is not None and ({odd}{value} not in S.mine[{index}].new)",
                f"if {is_new} and ({odd}({other})): {SLOW}",
            ]
            self.act += [
                f"if {is_new}:",
                f"    (o := S.ids[{index}]).new[{value}] = S.user",
                "    if len(o.new) > MOST_IDS: o.turn()",
                f"    S.mine[{index}].new[{value}] = True",
            ]

    def _session(self, *, first: bool) -> None:
        """Whose the session is, and who will be known for it where the event may be the ``first`` to say so."""
        plan = self.plan.isolation
        if not plan.session:
            return
        values = []
        if not first:
            for index, (path, _) in enumerate(plan.session):
                self.differs(path, f"S.owner_{index}")
                self.vouch(path, ())
            return
        self.guard.append("u = S.user")
        for index, (path, _) in enumerate(plan.session):
            value = f"v_{index}"
            values.append(value)
            there = "" if self.tree.sure(path) else f"{value} is not None and "
            odd = "" if self.tree.plain(path) else f"{value}.__class__ not in PLAIN or "
            self.vouch(path, ())
            self.bind(value, path)
            self.guard += [
                f"if {there}{value} != S.owner_{index}:",
                f"    if S.owner_{index} is not None or {odd}not is_id({value}): {SLOW}",
                "    u = None",
            ]
        whole = f"({', '.join(values)},)"
        if len(values) == 1:
            self.guard.append(f"if u is None: u = S.users.setdefault((u := {whole}), u)")
            self.act.append("if u is not S.user: S.owner[0] = S.owner_0 = v_0; S.user = u")
        else:
            self.guard.append(f"if u is None: u = isolation.foreseen(S, {whole})")
            self.act.append(f"if u is not S.user or None in S.owner: isolation.adopt(S, {whole})")

    def differs(self, path: Path, known: str) -> None:
        """Slow where a field is there and is not what is known."""
        self.slow_if(self.difference(path, known))

    def difference(self, path: Path, known: str) -> str:
        """Return what is true where a field is there and is not what is known."""
        text = self.expression(path)
        return f"{text} != {known}" if self.tree.sure(path) else f"(v := {text}) is not None and v != {known}"

    def _canaries(self) -> None:
        """Another user's text in the frame, which holds a letter of the tag then, in some spelling.

        What may be the beginning of one is kept; what may be the end of one is for the interpreter. Nothing is looked
        at after this, so it keeps at once.
        """
        if not self.plan.isolation.canary:
            return
        texts = [(index, path) for index, (path, _) in enumerate(self.plan.isolation.text) if self.tree.has(path)]
        self.guard += [
            "if WATCH.active:",
            *([] if self.searches else ["    if raw.__class__ is not str: raw = raw.decode()"]),
            "    if 'U' in raw or 'V' in raw or '\\\\' in raw or S.tails is not None or WATCH.texts:",
            *([] if self.plan.isolation.text else [f"        {SLOW}"]),
            "        if (TAG in raw and WATCH.is_foreign(raw, S.whose) or RUN in raw or WATCH.texts",
            "                or '\\\\' in raw and ('\\\\u' in raw or '\\\\/' in raw)):",
            f"            if WATCH.find(raw, S.whose) is not None: {SLOW}",
        ]
        if not texts:
            return
        self.guard.append("        x = None")
        for index, path in texts:
            several = "[]" in path.text
            text = self.expression(path)
            self.guard += [
                f"        if (o := {text}).__class__ is list and (v := joined_text(o)):"
                if several
                else f"        if (v := {text}).__class__ is str and v:",
                *(
                    [f"            if len(o) > 1: {SLOW}"] if several else []
                ),  # what lies apart was not searched as one text
                "            if S.tails is not None or WATCH.may_go_on(v):",
                f"                o = isolation.text_key(S, {index}, e)",
                f"                if WATCH.texts or S.tails is not None and S.tails.get(o) is not None: {SLOW}",
                "                if WATCH.may_go_on(v): x = [*(x or ()), (o, v)]",
            ]
        self.guard.append("        if x: isolation.keep_tails(S, WATCH, x)")

    def _verified(self) -> set[str]:
        """The ids that an open scope has proved to be of this session: its key, and what is constant in it."""
        found: set[str] = set()
        for index in self.kind.needed:
            scope = self.plan.scopes[index]
            if scope.strict and self.kind.index not in scope.opens:
                found |= {path.text for path in scope.constant}
                found |= {scope.key[0].text} if scope.key else set()
        return found

    def _uniques(self) -> None:
        for index, unique in enumerate(self.plan.uniques):
            if unique.kinds and self.kind.index not in unique.kinds:
                continue
            value = f"u_{index}"
            odd = "" if self.tree.plain(unique.path) else f"{value}.__class__ not in PLAIN or "
            self.bind(value, unique.path)
            known = f"{value} in S.fresh_{index} or (o := S.stale_{index}) and {value} in o"
            if self.ids.pop(unique.path.text, None) is not None:
                known += f" or {no_id(value)}"
            self.guard += [f"if {value} is not None:", f"    if {odd}{known}: {SLOW}"]
            self.act.append(f"if {value} is not None: S.fresh_{index}[{value}] = n")

    def _exchanges(self) -> None:
        self._implied()
        if any(self.kind.index in each.request for each in self.plan.exchanges):
            self.call(f"scopes.exchanges(S, {self.kind.index}, e)")
            return
        answered = [
            f"S.asked[{number}]" for number, each in enumerate(self.plan.exchanges) if self.kind.index in each.reply
        ]
        if answered:
            self.call(f"if {' or '.join(answered)}: scopes.exchanges(S, {self.kind.index}, e)")

    def _implied(self) -> None:
        """End what chunks hold open. It is the first that an event does, so it need not wait for the looks."""
        kind = self.kind.index
        chunked = [span for span in self.plan.spans if span.chunks]
        if all(kind in span.chunks_keep for span in chunked):
            return
        own = [span.index for span in chunked if kind in span.chunks]
        others = f" and (len(S.implied) > 1 or {own[0]} not in S.implied)" if len(own) == 1 else ""
        self.guard.append(f"if S.implied{others}: spans.end_implied(S, {kind})")

    def _key(self, paths: tuple[Path, ...]) -> str:
        if len(paths) == 1:
            return self.expression(paths[0])
        return "(" + ", ".join(self.expression(path) for path in paths) + ")"

    def guard_key(self, name: str, paths: tuple[Path, ...]) -> None:
        """A key that is there and can be one."""
        parts = [name] if len(paths) == 1 else [f"{name}_{index}" for index in range(len(paths))]
        for part, path in zip(parts, paths, strict=True):
            self.bind(part, path)
            if not (self.tree.plain(path) and self.tree.sure(path)):
                self.slow_if(f"{part} is None" if self.tree.plain(path) else f"{part}.__class__ not in PLAIN")
        if len(paths) == 1:
            return
        self.guard.append(f"{name} = ({', '.join(parts)})")


def no_id(name: str, first: str = "") -> str:
    """An expression that is true where a text that is not empty, or a number, is no id. ``first`` binds its name."""
    doubt = f"({name} in PLACEHOLDERS or {name}[-1] in ENDS)"
    return f"({first or name}.__class__ is str and {name}[-1] in LASTS and {doubt})"


def _inline(kind: FieldKind, name: str, otherwise: str) -> str:
    """An expression that is true where a value that is not null is of a type."""
    if kind.values and all(isinstance(one, str) for one in kind.values):
        return f"{name}.__class__ is str and {name} in {kind.values!r}"
    if len(kind.words) != 1:
        return otherwise
    return {
        "id": (
            f"({name}.__class__ is int or ({name}.__class__ is str and {name} not in PLACEHOLDERS "
            f"and {name}[-1] not in ENDS))"
        ),
        "str": f"{name}.__class__ is str",
        "text": f"{name}.__class__ is str and not ({name} == '' or {name}.isspace())",
        "rfc3339z": f"({name}.__class__ is str and ZULU({name}) is not None and {name}[:4] != '0000' or {otherwise})",
        "filled": (
            f"({name} != '' and not {name}.isspace() if {name}.__class__ is str else {name} or is_filled({name}))"
        ),
        "int": f"{name}.__class__ is int",
        "number": f"{name}.__class__ in NUMBERS",
        "bool": f"{name}.__class__ is bool",
        "object": f"isinstance({name}, OBJECTS)",
        "list": f"{name}.__class__ is list",
        "any": "True",
    }.get(kind.words[0], otherwise)
