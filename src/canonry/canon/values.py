"""The kinds of values that options take.

What a type alone cannot say stands in ``msgspec.Meta.extra``:

``one``, ``many``  the type in the user's words, where "a string" would not help
``refers``         the top-level table that has to declare the value as a name
``built_in``       names that such a reference may have without a declaration
``acyclic``        such references must not lead back to their owner
``unique``         no two tables of the array may share the value
``beside``         values that sibling keys take in the documented example
``named``          the name that the table has in the documented example
"""

from typing import Annotated

from msgspec import Meta

from canonry.canon.durations import Duration

_NAME = r"[^\W\d]\w*"
_DOTTED = rf"{_NAME}(\.{_NAME})*"

Name = Annotated[
    str,
    Meta(pattern=f"^{_NAME}$", extra={"one": "a Python name such as `WebSocketManager`", "many": "Python names"}),
]
ModuleName = Annotated[
    str,
    Meta(pattern=f"^{_DOTTED}$", extra={"one": "a module such as `shop.realtime.manager`"}),
]
Alias = Annotated[
    str,
    Meta(
        pattern=f"^{_DOTTED}$",
        extra={
            "one": "a name such as `Manager`, or a dotted path such as `shop.ws.Manager`",
            "many": "names such as `Manager` or dotted paths such as `shop.ws.Manager`",
        },
    ),
]
ImportPath = Annotated[
    str,
    Meta(
        pattern=f"^{_DOTTED}:{_DOTTED}$",
        extra={
            "one": "an import path of the form `package.module:Name`",
            "many": "import paths of the form `package.module:Name`",
        },
    ),
]
MaybeImportPath = Annotated[
    str,
    Meta(
        pattern=f"^({_DOTTED}:{_DOTTED})?$",
        extra={"one": "an import path of the form `package.module:Name`, or an empty string"},
    ),
]
PythonVersion = Annotated[
    str, Meta(pattern=r"^3\.(0|[1-9][0-9]*)$", extra={"one": 'a Python version such as `"3.11"`'})
]
VariableName = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", extra={"one": "the name of an environment variable"})
]
SchemaName = Annotated[
    str, Meta(pattern=r"^[a-z_][a-z0-9_]{0,62}$", extra={"one": "a name of small letters, digits and `_`"})
]
NonEmpty = Annotated[str, Meta(min_length=1, extra={"one": "a string that is not empty"})]
Fraction = Annotated[float, Meta(ge=0, le=1)]
NeededCategory = Annotated[str, Meta(extra={"refers": "categories", "acyclic": True})]
NeededService = Annotated[str, Meta(extra={"refers": "services", "acyclic": True})]
CategoryName = Annotated[str, Meta(extra={"refers": "categories"})]
ServiceName = Annotated[str, Meta(extra={"refers": "services"})]
BUILT_IN_PROFILES = ("local", "ci", "nightly", "staging")
"""The profiles that are there without a word in the canon."""
ParentProfile = Annotated[str, Meta(extra={"refers": "profiles", "acyclic": True, "built_in": BUILT_IN_PROFILES})]
MemorySize = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]*(MB|GB)$",
        extra={"one": "a size such as `512MB` or `2GB`", "many": "sizes such as `2GB`"},
    ),
]
Threshold = float | Duration
RuleCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2,8}[0-9]{2,4}$",
        extra={"one": "capitals and digits such as `OWN001`", "unique": True},
    ),
]
RuleName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", extra={"one": "words such as `direct-http-call`"})
]
RuleWord = Annotated[
    str,
    Meta(
        min_length=1,
        extra={
            "one": "the code, the family or the name of a rule",
            "many": "codes, families or names of rules",
        },
    ),
]
OneOrMore = str | list[str]
"""A text, or several. Without a pattern: msgspec 0.22 ends the process for a union of patterned strings and lists."""
