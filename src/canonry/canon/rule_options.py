"""The options of the canon that are about rules: findings that it closes, and rules of one's own."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, field

from canonry.canon.table import Options
from canonry.canon.values import NonEmpty, OneOrMore, RuleCode, RuleName, RuleWord
from canonry.model.finding import Severity


class PathSuppression(Options, frozen=True, kw_only=True):
    """Findings of some rules in some files, closed by the canon."""

    rules: Annotated[
        list[RuleWord],
        Meta(description="The rules that it is about: codes, families or names.", examples=[["RUN001"]]),
    ]
    paths: Annotated[
        list[str],
        Meta(description="Globs of the files that it covers, as in `exclude`.", examples=[["tests/legacy/**"]]),
    ]
    reason: Annotated[NonEmpty, Meta(description="Why the findings may stay.", examples=["goes with the old gateway"])]
    until: Annotated[
        dt.date | None,
        Meta(description="The last day on which it holds. For ever when absent.", examples=["2027-01-31"]),
    ] = None
    owner: Annotated[NonEmpty | None, Meta(description="Who answers for it.", examples=["@payments"])] = None


class OwnRule(Options, frozen=True, kw_only=True):
    """A rule of one's own: exactly one of `call`, `import`, `base`, `decorator` and `mention` says what is banned."""

    code: Annotated[RuleCode, Meta(description="Its code: capitals and digits, like no other.", examples=["OWN001"])]
    name: Annotated[
        RuleName | None,
        Meta(
            description="Its name. Made from what it bans when absent.",
            examples=["direct-http-call"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = None
    call: Annotated[
        OneOrMore | None,
        Meta(description="What must not be called.", examples=[["requests.get", "requests.post"]]),
    ] = None
    import_: Annotated[
        OneOrMore | None,
        Meta(description="What must not be imported, with everything inside it.", examples=["shop.legacy"]),
    ] = field(default=None, name="import")
    base: Annotated[
        OneOrMore | None, Meta(description="What no class may inherit from.", examples=["django.test.TestCase"])
    ] = None
    decorator: Annotated[OneOrMore | None, Meta(description="What must not decorate.", examples=["unittest.skip"])] = (
        None
    )
    mention: Annotated[
        OneOrMore | None,
        Meta(description="What must not be named at all, called or not.", examples=["datetime.datetime.utcnow"]),
    ] = None
    use: Annotated[
        NonEmpty | None,
        Meta(
            description="What to use instead. The message says it.",
            examples=["shop.net.fetch"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = None
    message: Annotated[
        NonEmpty | None,
        Meta(
            description="What the finding says, in place of the usual sentence.",
            examples=["requests without a time limit hang the suite"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = None
    severity: Annotated[
        Severity,
        Meta(description="How much a finding weighs.", examples=["error"], extra={"beside": {"call": "requests.get"}}),
    ] = Severity.WARNING
    paths: Annotated[
        list[str] | None,
        Meta(
            description="Globs of the files that it judges. All when absent.",
            examples=[["tests/**"]],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = None
    allow: Annotated[
        list[str],
        Meta(
            description="Globs of files where it is allowed, such as its home.",
            examples=[["shop/net.py"]],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = []
    replacement: Annotated[
        str | None,
        Meta(
            description="The text to put in its place. The next step of a finding shows it; no file is changed.",
            examples=["shop.net.fetch"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = None
    bad: Annotated[
        OneOrMore,
        Meta(
            description="Code that breaks it, once each. `canonry rules test` runs it.",
            examples=["import requests\nrequests.get(url)"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = []
    good: Annotated[
        OneOrMore,
        Meta(
            description="Code that does not break it.",
            examples=["from shop.net import fetch\nfetch(url)"],
            extra={"beside": {"call": "requests.get"}},
        ),
    ] = []
