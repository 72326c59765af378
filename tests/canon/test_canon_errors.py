from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from canonry.canon.check import canon_type, check
from canonry.canon.load import CanonError, load_canon
from canonry.canon.options import Canon
from canonry.canon.words import unwrap


def errors_of(text: str, *, file: str = "canonry.toml") -> list[str]:
    with pytest.raises(CanonError) as error:
        load_canon({file: text.encode()}.get)
    return str(error.value).splitlines()


def error_of(text: str, *, file: str = "canonry.toml") -> str:
    (message,) = errors_of(text, file=file)
    return message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[canon]\nbase-case = []", "canonry.toml:2: unknown key `base-case` in `canon`; did you mean `base-cases`?"),
        ("[canon]\nbase_cases = []", "canonry.toml:2: unknown key `base_cases` in `canon`; did you mean `base-cases`?"),
        ("[category.x]", "canonry.toml:1: unknown key `category`; did you mean `categories`?"),
        (
            "[run]\nzzz = 1",
            (
                "canonry.toml:2: unknown key `zzz` in `run`; expected one of `guard`, `profile`, `workers`, `retries`, `flaky`, "
                "`test-timeout`, `slow`, `leaks`, `global-leaks`, `keep`"
            ),
        ),
        (
            "[categories.x]\nruner = 1\n",
            (
                "canonry.toml:2: unknown key `runer` in `categories.x`; expected one of `paths`, `markers`, `priority`, `needs`, "
                "`conflicts`, `services`, `mocks`, `timeout`, `test-timeout`, `slow`, `workers`, `memory`, `leaks`, "
                "`global-leaks`, `serial`, `retries`, `flaky`, `share`"
            ),
        ),
        ("runner = 'pytest'", "canonry.toml:1: unknown key `runner`; `runner` belongs in `canon`"),
        (
            "[canon]\nshadow_names = []",
            "canonry.toml:2: unknown key `shadow_names` in `canon`; `shadow-names` belongs at the top level",
        ),
        (
            "[tool.canonry]\ntests = []",
            "canonry.toml:1: unknown key `tool`; in this file keys stand at the top level, not in `tool.canonry`",
        ),
        (
            "[services.'a b']\nkind = 'url'\n'u r l' = ''",
            'canonry.toml:3: unknown key `"u r l"` in `services."a b"`; did you mean `url`?',
        ),
        (
            "[flows.f]\nevent_success = 1",
            "canonry.toml:2: unknown key `event_success` in `flows.f`; did you mean `event-success`?",
        ),
        (
            "[profiles.p]\ncredential-env = 'X'",
            "canonry.toml:2: unknown key `credential-env` in `profiles.p`; did you mean `credentials-env`?",
        ),
        (
            "[[canon.symbols]]\nname='A'\nhome='b'\nalias=[]",
            "canonry.toml:4: unknown key `alias` in `canon.symbols[0]`; did you mean `aliases`?",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.canonry]\nexcluded = []",
            "pyproject.toml:2: unknown key `excluded` in `tool.canonry`; did you mean `exclude`?",
        ),
        (
            "[tool.canonry.run]\ntests = []",
            "pyproject.toml:2: unknown key `tests` in `run`; `tests` belongs in `tool.canonry`",
        ),
        ("[tool]\ncanonry = 3", "pyproject.toml:2: `tool.canonry` expects a table, not the number 3"),
    ],
)
def test_in_pyproject_the_root_is_called_by_its_name(text: str, message: str) -> None:
    assert error_of(text, file="pyproject.toml") == message


IMPORT_PATH = "an import path of the form `package.module:Name`"
MAYBE_IMPORT_PATH = f"{IMPORT_PATH}, or an empty string"
DURATION = "a duration such as `300ms`, `90s`, `10m` or `2h`"


@pytest.mark.parametrize(
    ("table", "pair", "expected", "given_value"),
    [
        ("", "tests = 'a'", "a list of strings", 'the string `"a"`'),
        ("", "tests = {}", "a list of strings", "a table"),
        ("", "target-python = 3.11", 'a Python version such as `"3.11"`', "the number 3.11"),
        ("", "target-python = '2.7'", 'a Python version such as `"3.11"`', 'the string `"2.7"`'),
        ("", "target-python = '3.11.2'", 'a Python version such as `"3.11"`', 'the string `"3.11.2"`'),
        ("", 'target-python = "3.11\\n"', 'a Python version such as `"3.11"`', 'the string `"3.11\\n"`'),
        ("", "canon = []", "a table", "a list"),
        ("", "categories = 1979-05-27", "a table of tables", "a date or time"),
        ("", "load = 07:32:00", "a table of tables of numbers or durations such as `90s`", "a date or time"),
        ("canon", "runner = ''", "a string that is not empty", 'the string `""`'),
        ("canon", "runner = true", "a string that is not empty", "`true`"),
        ("canon", "base-cases = 'a:B'", "a list of import paths of the form `package.module:Name`", 'string `"a:B"`'),
        ("canon", "environment = 'a.b.C'", MAYBE_IMPORT_PATH, 'the string `"a.b.C"`'),
        ("canon", "environment = ' '", MAYBE_IMPORT_PATH, 'the string `" "`'),
        ("canon", "environment = false", MAYBE_IMPORT_PATH, "`false`"),
        ("canon", "mock-factory = 'a/b.py:C'", MAYBE_IMPORT_PATH, 'the string `"a/b.py:C"`'),
        ("canon", "mock-factory = ':'", MAYBE_IMPORT_PATH, 'the string `":"`'),
        ("canon", "symbols = {}", "a list of tables", "a table"),
        ("categories.x", "priority = 'P0'", "one of `critical`, `high`, `medium`, `low`", 'the string `"P0"`'),
        ("categories.x", "mocks = false", "one of `allowed`, `specced`, `forbidden`", "`false`"),
        ("categories.x", "flaky = 1", "one of `fail`, `warn`", "the number 1"),
        ("categories.x", "timeout = 600", DURATION, "the number 600"),
        ("categories.x", "timeout = '10'", DURATION, 'the string `"10"`'),
        ("categories.x", "timeout = '10 m'", DURATION, 'the string `"10 m"`'),
        ("categories.x", "workers = 0", "a whole number of at least 1", "the number 0"),
        ("categories.x", "workers = 1.5", "a whole number of at least 1", "the number 1.5"),
        ("categories.x", "workers = true", "a whole number of at least 1", "`true`"),
        ("categories.x", f"workers = {2**63}", "a whole number of at least 1", "a number of more than 64 bits"),
        ("categories.x", "retries = -1", "a whole number of at least 0", "the number -1"),
        ("categories.x", "serial = 'yes'", "`true` or `false`", 'the string `"yes"`'),
        ("categories.x", "share = 20", "a number between 0 and 1", "the number 20"),
        ("categories.x", "share = nan", "a number between 0 and 1", "the number nan"),
        ("categories.x", "needs = 'unit'", "a list of strings", 'the string `"unit"`'),
        ("services.x", "kind = 3", "one of `postgres`, `redis`, `command`, `url`, `container`", "the number 3"),
        ("flows.x", "reliability = 1.01", "a number between 0 and 1", "the number 1.01"),
        ("flows.x", "reliability = '95%'", "a number between 0 and 1", 'the string `"95%"`'),
        ("flows.x", "coverage = -0.1", "a number between 0 and 1", "the number -0.1"),
        ("flows.x", "event-success = true", "a number between 0 and 1", "`true`"),
        ("flows.x", "weight = -1", "a number of at least 0", "the number -1"),
        ("flows.x", "weight = inf", "a number of at least 0", "the number inf"),
        ("flows.x", "contract = ['a']", "a string that is not empty", "a list"),
        ("profiles.x", "url = 1", "a string that is not empty", "the number 1"),
        ("profiles.x", "credentials-env = '$TOKEN'", "the name of an environment variable", 'the string `"$TOKEN"`'),
        ("load.x", "p95 = '3 hours'", f"a number or {DURATION}", 'the string `"3 hours"`'),
        ("load.x", "p95 = [1]", f"a number or {DURATION}", "a list"),
        ("load.x", "p95 = true", f"a number or {DURATION}", "`true`"),
    ],
)
def test_a_wrong_value_says_what_was_expected(table: str, pair: str, expected: str, given_value: str) -> None:
    key = ".".join(part for part in (table, pair.split(" = ", 1)[0]) if part)

    message = error_of(f"[{table}]\n{pair}\n" if table else f"\n{pair}\n")

    assert message.startswith(f"canonry.toml:2: `{key}` expects {expected}, not ")
    assert message.endswith(given_value)


@pytest.mark.parametrize(
    ("table", "pair", "near"),
    [
        ("categories.x", "mocks = 'forbiden'", "forbidden"),
        ("categories.x", "priority = 'Critical'", "critical"),
        ("services.x", "kind = 'postgresql'", "postgres"),
        ("run", "guard = 'refused'", "refuse"),
    ],
)
def test_a_wrong_choice_names_the_nearest(table: str, pair: str, near: str) -> None:
    assert error_of(f"[{table}]\n{pair}").endswith(f"; did you mean `{near}`?")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests = [\n'a',\n2,\n]", "canonry.toml:3: `tests[1]` expects a string, not the number 2"),
        (
            "[canon]\nbase-cases = [\n  'a.b:C',\n  # no colon\n  'a.b.C',\n]",
            f'canonry.toml:5: `canon.base-cases[1]` expects {IMPORT_PATH}, not the string `"a.b.C"`',
        ),
        ("[canon]\nsymbols = [1]", "canonry.toml:2: `canon.symbols[0]` expects a table, not the number 1"),
        (
            "[[canon.symbols]]\nname = 'a.B'\nhome = 'c'",
            (
                "canonry.toml:2: `canon.symbols[0].name` expects a Python name such as `WebSocketManager`, "
                'not the string `"a.B"`'
            ),
        ),
        (
            "[[canon.symbols]]\nname = 'B'\nhome = 'c/d.py'",
            (
                "canonry.toml:3: `canon.symbols[0].home` expects a module such as `shop.realtime.manager`, "
                'not the string `"c/d.py"`'
            ),
        ),
        (
            "[[canon.symbols]]\nname = 'B'\nhome = 'c'\naliases = ['D', 'e:F']",
            (
                "canonry.toml:4: `canon.symbols[0].aliases[1]` expects a name such as `Manager`, or a dotted path such "
                'as `shop.ws.Manager`, not the string `"e:F"`'
            ),
        ),
        (
            "[services.x]\nkind='url'\nport = 70000",
            ("canonry.toml:3: `services.x.port` expects a whole number between 1 and 65535, not the number 70000"),
        ),
        (
            "[services.x]\nkind='url'\nenv.A = 1",
            "canonry.toml:3: `services.x.env.A` expects a string, not the number 1",
        ),
        ("[services]\nx = 'postgres'", 'canonry.toml:2: `services.x` expects a table, not the string `"postgres"`'),
    ],
)
def test_a_wrong_part_is_named_with_its_own_line(text: str, message: str) -> None:
    assert error_of(text) == message


def test_a_long_value_is_cut() -> None:
    assert len(error_of(f"[run]\nguard = '{'x' * 1000}'")) < 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n[services.x]\n",
            (
                "canonry.toml:2: `services.x` has no `kind`; expected one of `postgres`, `redis`, `command`, `url`, "
                "`container`"
            ),
        ),
        (
            "[[canon.symbols]]\nname='A'\nhome='b'\n[[canon.symbols]]\nname='B'",
            "canonry.toml:4: `canon.symbols[1]` has no `home`; expected a module such as `shop.realtime.manager`",
        ),
        (
            "[[canon.symbols]]\nhome='b'",
            "canonry.toml:1: `canon.symbols[0]` has no `name`; expected a Python name such as `WebSocketManager`",
        ),
    ],
)
def test_a_missing_key_is_named_where_its_table_opens(text: str, message: str) -> None:
    assert error_of(text) == message


def test_a_symbol_is_declared_once() -> None:
    text = "[[canon.symbols]]\nname='A'\nhome='b'\n[[canon.symbols]]\nname='A'\nhome='c'\n"

    assert error_of(text) == "canonry.toml:5: `canon.symbols[1].name` is `A`, which `canon.symbols[0]` declares already"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[categories.unit]\n[categories.e2e]\nneeds = [\n 'unti']",
            (
                "canonry.toml:4: `categories.e2e.needs[0]` names `unti`, which `categories` does not declare; "
                "did you mean `unit`?"
            ),
        ),
        (
            "[categories.e2e]\nconflicts = ['x']",
            (
                "canonry.toml:2: `categories.e2e.conflicts[0]` names `x`, which `categories` does not declare; "
                "it declares `e2e`"
            ),
        ),
        (
            "[categories.e2e]\nservices = ['postgres']",
            (
                "canonry.toml:2: `categories.e2e.services[0]` names `postgres`, which `services` does not declare; "
                "nothing is declared in `services`"
            ),
        ),
        (
            "[profiles.staging]\ninherits = 'bass'\n[profiles.base]",
            (
                "canonry.toml:2: `profiles.staging.inherits` names `bass`, which `profiles` does not declare; "
                "did you mean `base`?"
            ),
        ),
    ],
)
def test_a_name_that_nothing_declares_is_an_error(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("[categories.a]\nneeds = ['a']", ["canonry.toml:2: `categories.a.needs[0]` names itself; expected no cycle"]),
        (
            "[profiles.a]\ninherits = 'b'\n[profiles.b]\ninherits = 'a'\n[profiles.c]\ninherits = 'a'",
            [
                "canonry.toml:2: `profiles.a.inherits` names `b`, which leads back to `a`; expected no cycle",
                "canonry.toml:4: `profiles.b.inherits` names `a`, which leads back to `b`; expected no cycle",
            ],
        ),
    ],
)
def test_references_that_lead_back_are_errors(text: str, messages: list[str]) -> None:
    assert errors_of(text) == messages


def test_names_in_a_malformed_table_are_not_reported_on_top() -> None:
    assert error_of("services = 1\n[categories.a]\nservices = ['b']").startswith("canonry.toml:1: `services` expects")


def test_categories_may_conflict_with_each_other() -> None:
    loaded = load_canon({"canonry.toml": b"[categories.a]\nconflicts = ['b']\n[categories.b]\nconflicts = ['a']"}.get)

    assert sorted(loaded.canon.categories) == ["a", "b"]


def test_all_errors_come_at_once_by_line() -> None:
    text = (
        "[tool.canonry]\n"
        "[tool.canonry.categories.b]\n"
        "needs = ['c']\n"
        "timeout = 3\n"
        "[tool.canonry.canon]\n"
        "base-case = []\n"
        "runner = 1\n"
        "[tool.canonry.services.x]\n"
    )

    assert [message.split(": ")[0] for message in errors_of(text, file="pyproject.toml")] == [
        f"pyproject.toml:{line}" for line in (3, 4, 6, 7, 8)
    ]


def test_more_than_nine_errors_are_sorted_by_number() -> None:
    text = "".join(f"unknown{number} = 1\n" for number in range(12))

    assert [int(message.split(":")[1]) for message in errors_of(text)] == list(range(1, 13))


def test_an_explicit_file_is_named_as_given() -> None:
    with pytest.raises(CanonError, match=r"^\.\./shared/c\.toml:1: unknown key `test`; did you mean `tests`\?$"):
        load_canon({}.get, explicit=("../shared/c.toml", b"test = []"))


SCALARS = st.one_of(
    st.sampled_from(["", "a", "a.b", "a.b:C", "10m", "3.11", "3.11\n", "postgres", "allowed", "warn", "high", "A_B"]),
    st.text(max_size=3),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2)


def places(info: inspect.Type, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    plain, _ = unwrap(info)
    match plain:
        case inspect.StructType():
            return [path, *(one for field in plain.fields for one in places(field.type, (*path, field.encode_name)))]
        case inspect.DictType():
            return [path, *places(plain.value_type, (*path, "a"))]
        case inspect.ListType():
            return [path, *places(plain.item_type, (*path, "[]"))]
        case _:
            return [path]


def nested(path: tuple[str, ...], value: object) -> Any:
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


@given(st.sampled_from(places(canon_type())), VALUES)
def test_the_check_agrees_with_the_types(path: tuple[str, ...], value: object) -> None:
    document = nested(path, value)
    problems = check(document, root="")
    try:
        msgspec.convert(document, Canon)
    except msgspec.ValidationError:
        assert problems
    else:
        # What types cannot say: names that nothing declares, and values that TOML has or forgives but we do not.
        beyond = ("does not declare", "names itself", "number nan", "number inf", "number -inf", "64 bits", '\\n"`')
        assert all(any(word in one.message for word in beyond) for one in problems), problems
