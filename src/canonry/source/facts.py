"""The fact record: everything that rules may know of one content, whatever path it stands under.

A record holds no path and no verdict, so it is computed once per distinct content and kept. Names in it are resolved
inside the file and written in one notation, here called a *reference*:

- ``pkg.mod.name`` was imported (``import pkg.mod``, ``from pkg.mod import name``, under any alias),
- ``..mod.name`` was imported relatively, with as many dots as the import had,
- ``:Outer.inner`` is defined in this file,
- ``self.name`` (also for ``cls``) is a member of the enclosing class, ``super.name`` one of its bases,
- ``*.name`` is bound by nothing in the file: a builtin, or what a star import brings,
- ``&.name`` is a parameter or local name that is called (in a test: perhaps a fixture),
- ``?.name`` is a method of something unknown, kept only where the name itself says something.
"""

import msgspec


class Site(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A range of the text, and the identity of the code there.

    Lines and columns count from 1, columns in characters, the end is exclusive. ``snippet`` is a 64-bit digest of the
    code without white space, quotes, commas, parentheses and semicolons, or 0 where the symbol alone says what it is
    (a function, a class, the main block). ``symbol`` is the qualified name around it.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    snippet: int
    symbol: str


class Break(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a content does not parse at the target version.

    ``kind``: ``syntax``, ``conflict`` (merge markers), ``encoding``, ``nul``, ``nesting`` (deeper than the parser
    goes) or ``newer`` (tree-sitter reads it, and ``constructs`` of a newer Python explain the failure). ``damage`` is
    the class of damage, ``message`` the parser's.
    """

    kind: str
    message: str
    site: Site
    damage: str
    constructs: tuple[str, ...] = ()
    clean_tree: bool = False


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``import module`` (``names`` empty) or ``from module import names``; ``level`` counts the leading dots.

    Places as in `Site`; ``symbol`` is the qualified name around the statement.
    """

    module: str
    level: int
    names: tuple[tuple[str, str], ...]
    line: int
    column: int
    end_line: int
    end_column: int
    symbol: str
    top_level: bool


class ClassFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A class: ``bases`` are references (``?`` where one is computed), ``methods`` are names in order."""

    name: str
    qualname: str
    bases: tuple[str, ...]
    methods: tuple[str, ...]
    attributes: tuple[str, ...]
    decorators: tuple[str, ...]
    marks: tuple[str, ...]
    site: Site
    nested: bool
    collectable: bool
    init: Site | None
    body: int = 0
    """A digest of the body without white space, comment lines and docstrings; 0 for classes with tests, and unread."""


class Swallow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A handler for every exception (bare, ``Exception``, ``BaseException``) that raises nothing itself."""

    site: Site
    asserts_inside: int
    all_inside: bool
    fails: bool
    skips: bool
    assigns: bool
    collects: bool
    continues: bool
    inner: bool
    """Whether it stands in a function inside the function."""
    records: bool
    """Whether the body of the try assigns or collects, so that a later assertion may notice the failure."""
    returns: bool
    bare: bool
    """Whether it takes ``BaseException`` too, which pytest's own failures are."""
    outcomes_inside: int
    """How many of the assertions inside are pytest's (``raises``, ``fail``), which no ``except Exception`` takes."""


class FunctionFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function or method.

    ``asserts`` counts assertions, nested functions included; ``calls`` are references, kept only where ``asserts`` is
    zero (they say where an assertion might still be reached). ``returns`` is the first return of a value that is not
    None. ``owner`` is the qualified name of the class whose body holds it, else empty; ``nested`` means inside a
    function, and ``used`` that a nested test function is named somewhere in the function around it.
    """

    name: str
    qualname: str
    owner: str
    nested: bool
    is_async: bool
    site: Site
    decorators: tuple[str, ...]
    asserts: int
    raises: bool
    generator: bool
    calls: tuple[str, ...]
    returns: Site | None
    swallows: tuple[Swallow, ...]
    used: bool = False
    parameters: tuple[str, ...] = ()
    """Of tests and fixtures only: the names that pytest fills with fixtures."""
    raised: int = 0
    """How often ``AssertionError`` is raised, nested functions included; ``asserts`` does not count it."""
    placeholder: str = ""
    """What the body is that does nothing: ``docstring``, ``pass``, ``ellipsis``, ``return`` or ``print``."""
    guarded: bool = False
    """Whether every assertion stands under a check of a status that has no ``else``."""


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call of interest: ``target`` is its reference, ``tool`` the test tool that a process call starts.

    ``how``: ``call`` (the target itself), ``literal`` (a command in the call), ``variable`` (a command built before),
    ``passed`` (a command handed to a function that is named like one that runs it), ``session`` (handed to a session of
    nox). ``mentions`` says that a string
    literal in the call holds the word pytest, whatever it does.
    """

    target: str
    site: Site
    tool: str
    how: str
    in_main: bool
    mentions: bool


class EnvironmentUse(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One use of the process environment.

    ``kind``: ``read``, ``write``, ``restore`` (a write in a ``finally``, in a tear-down, or after a fixture's yield),
    ``patch`` or ``monkeypatch``.
    """

    kind: str
    expression: str
    site: Site


class PathHack(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One change of the import path, ``expression`` as in ``sys.path.insert``."""

    expression: str
    site: Site


class MainBlock(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``if __name__ == "__main__"``: ``starts`` names what it starts of tests, in this file's own code.

    ``direct`` says that a direct pytest call or a test process stands in the block or in what it calls here.
    """

    site: Site
    starts: tuple[str, ...]
    direct: bool


class Alias(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``Name = reference`` at the top of a module, for names that begin with a capital; the name is the symbol."""

    reference: str
    site: Site


class Constant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A closed set of words with a name, at the top of a module or of a class there.

    ``kind``: ``enumeration``, ``literal`` (an alias of ``Literal``), ``constant`` (a collection of string literals) or
    ``dictionary`` (by its keys). ``members`` are the values where they are strings, else the names in lower case.
    """

    name: str
    kind: str
    members: tuple[str, ...]
    site: Site


class Flag(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A probe of a dependency at the top of a module: imports that are tried, and the name that keeps the answer.

    ``wanted`` are the dotted names that are imported: ``pkg.mod``, ``pkg.mod.name``.
    """

    name: str
    wanted: tuple[str, ...]
    site: Site
    boolean: bool
    """Whether it is set to True and False; else it is an imported name that is None without the dependency."""


class Shared(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function that hands out the same object on every call, what it is kept in, and a reference to its class."""

    site: Site
    kept: str
    kind: str


class Keeper(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A class by its qualified name, and the attributes of its objects that are named like one user's own things."""

    qualname: str
    attributes: tuple[str, ...]


class Retirement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The wrapper of a retired runner script: the last day (ISO) on which it is to be there, empty without one."""

    expires: str
    site: Site


class Commented(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A content without a live test that is mostly comments: their share (0..1), and commented test functions."""

    share: float
    tests: int
    site: Site


class Suppression(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment that asks for findings to be closed: ``# canonry: ignore[RUN001] until=2027-01-31 owner=@team reason``.

    ``codes`` are codes, family prefixes or names of rules, as written; ``until`` is an ISO date, the last day on which
    it holds, or empty. It covers the findings that start in the lines ``first`` to ``last`` (none where ``first`` is
    0), or those of the whole file. ``problems`` say what is malformed.
    """

    codes: tuple[str, ...]
    until: str
    owner: str
    reason: str
    site: Site
    whole_file: bool
    first: int
    last: int
    problems: tuple[str, ...] = ()

    def covers(self, line: int) -> bool:
        """Whether findings that start in a line are covered."""
        return self.whole_file or self.first <= line <= self.last


class Double(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call that makes a mock, or a double by the name of its class (imported ones; the file has its own classes).

    ``constraint``: ``none`` where nothing in the call ties it to a real interface, ``some``, or ``unknown``.
    """

    target: str
    constraint: str
    site: Site
    replaces: bool = False
    """Whether it only puts something in the place of the real thing: ``patch.object(x, "flag", False)``."""


class Fallback(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place that hands out a double when the real thing is away.

    ``kind``: ``handler`` (of a try that goes for the real thing), ``branch`` (of an availability check) or ``choice``
    (a conditional expression, ``or``). ``how``: ``returns``, ``yields``, ``assigns``, ``defines`` or ``chooses``.
    ``by`` is what says that it is a double: ``mock`` (of `unittest.mock`, by ``target``), ``class`` or ``name`` (named
    like one), ``part`` (a double is an argument of it). ``same``: it takes the place of what the other way binds or
    hands out. ``narrow``: the handler takes only what a missing service does not raise.
    """

    kind: str
    how: str
    by: str
    target: str
    site: Site
    same: bool = False
    narrow: bool = False
    partly: bool = False
    """Whether the real thing is given a double too."""


class Tautology(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An assertion that holds whatever happens; kinds as in `canonry.source.python.tautologies.always_true`."""

    kind: str
    why: str
    site: Site


class Skip(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A test that does not run, or that is expected to fail, by ``expression``.

    ``kind``: ``mark`` (unconditional), ``module``, ``body`` (a statement of the function itself), ``handler``,
    ``handler-branch`` (under a condition there), ``handler-import`` (of an import error), ``import`` (the same, where
    the try only imports), ``xfail`` (without a reason) or ``expected``. ``handler`` is the handler's line, or 0.
    """

    kind: str
    expression: str
    site: Site
    handler: int = 0


class Wait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sleep that is a statement: of ``seconds`` (None where unknown) in the function ``home``, not in a poll."""

    expression: str
    seconds: float | None
    home: str
    site: Site
    timed: bool = False
    """Whether the words of the function say that time itself may be what it tests."""
    paces: bool = False
    """Whether it ends each turn of a ``for`` loop."""


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of one content. A broken content has ``broken`` and what tree-sitter could read."""

    broken: Break | None
    imports: tuple[Import, ...]
    classes: tuple[ClassFact, ...]
    functions: tuple[FunctionFact, ...]
    bindings: dict[str, str]
    calls: tuple[Call, ...]
    environment: tuple[EnvironmentUse, ...]
    path_hacks: tuple[PathHack, ...]
    main_blocks: tuple[MainBlock, ...]
    marks: tuple[str, ...]
    commented: Commented | None
    counts: dict[str, int]
    assigned: tuple[str, ...] = ()
    """The names that the module binds to values."""
    aliases: tuple[Alias, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    doubles: tuple[Double, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    tautologies: tuple[Tautology, ...] = ()
    skips: tuple[Skip, ...] = ()
    waits: tuple[Wait, ...] = ()
    constants: tuple[Constant, ...] = ()
    flags: tuple[Flag, ...] = ()
    other_marks: tuple[str, ...] = ()
    """Marks that are given in another way than as decorators and ``pytestmark``; ``*`` where one is computed."""
    retired: Retirement | None = None
    shared: tuple[Shared, ...] = ()
    keepers: tuple[Keeper, ...] = ()
    attaching: tuple[str, ...] = ()
    """The qualified names of the functions that attach an event contract."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Facts)


def encode_facts(facts: Facts) -> bytes:
    """The record as MessagePack bytes, the form in which the cache and the process pool carry it."""
    try:
        return _ENCODER.encode(facts)
    except UnicodeEncodeError:  # words of a constant that are no text: halves of surrogate pairs
        return _ENCODER.encode(msgspec.structs.replace(facts, constants=()))


def is_broken(data: bytes) -> bool:
    """Whether an encoded record is one of a content that does not parse, told without decoding it.

    The first of the record's fields is nil where the content parses. One byte says how many fields there are, three
    where there are more than fifteen. Source: the MessagePack specification, ``fixarray``, ``array 16``, ``nil``.
    """
    first = 3 if data[:1] == b"\xdc" else 1
    return data[first : first + 1] != b"\xc0"


def decode_facts(data: bytes) -> Facts | None:
    """The record that `encode_facts` wrote, None for anything else (a damaged cache)."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError:
        return None
