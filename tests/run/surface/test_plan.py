"""The plan: policies from command line, profile, category and canon; shards that are never empty; waves."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.options import Canon, Category, Leaks, Profile, Run, Service, ServiceKind
from canonry.model.errors import UserError
from canonry.model.run_plan import CategoryPlan, Policy, Work
from canonry.run.plan import policy_of, waves
from canonry.run.profiles import canon_under, resolve_profile
from canonry.run.request import RunRequest, Shard
from canonry.run.shard import take_shard
from tests.workbench import SOUND, Folder


def policy(category: Category | None = None, *, profile: str = "local", run: Run | None = None, **given: Any) -> Policy:
    return policy_of(category, run or Run(), RunRequest(**given), resolve_profile(Canon(), profile))


def test_a_policy_comes_from_the_category() -> None:
    found = policy(Category(timeout="10m", test_timeout="30s", slow="2s", memory="2GB", retries=2, leaks=Leaks.FAIL))

    assert (found.timeout, found.hard_limit, found.soft_limit) == (600.0, 30.0, 2.0)
    assert (found.memory, found.retries, found.leaks) == (2_000_000_000, 2, "fail")


def test_the_command_line_wins_over_the_profile_and_the_category() -> None:
    category = Category(retries=2, leaks=Leaks.WARN, test_timeout="30s")

    assert policy(category, profile="nightly").leaks == "fail"
    assert policy(category, profile="nightly", leaks="off", retries=0, hard_limit=1.0) == policy(
        category, leaks="off", retries=0, hard_limit=1.0
    )
    assert policy(category, hard_limit=1.0).hard_limit == 1.0


def test_a_soft_limit_beyond_the_hard_one_says_nothing() -> None:
    assert policy(Category(test_timeout="5s")).soft_limit is None


def test_what_belongs_to_no_category_runs_as_the_canon_says() -> None:
    found = policy(run=Run(retries=1, test_timeout="3s", slow="1s", leaks=Leaks.OFF))

    assert (found.retries, found.hard_limit, found.soft_limit, found.leaks) == (1, 3.0, 1.0, "off")


def test_globals_are_looked_at_where_somebody_asks_for_it() -> None:
    asks, refuses = Category(global_leaks=True), Category(global_leaks=False)

    assert not policy(Category()).global_leaks
    assert policy(asks).global_leaks
    assert policy(Category(), run=Run(global_leaks=True)).global_leaks
    assert not policy(refuses, run=Run(global_leaks=True)).global_leaks
    assert policy(refuses, global_leaks=True).global_leaks
    assert not policy(asks, global_leaks=False).global_leaks


def test_services_under_a_profile_are_those_of_its_environment() -> None:
    shop = Service(kind=ServiceKind.COMMAND, command="python shop.py", url_env=["SHOP"])
    big = Service(kind=ServiceKind.COMMAND, command="python shop.py --workers 2", needs=["store"])
    canon = Canon(
        services={"shop": shop, "big": big, "store": Service(kind=ServiceKind.REDIS)},
        profiles={
            "staging": Profile(url="https://shop.example", ready="/health", serves=["shop"]),
            "crowd": Profile(instead={"shop": "big"}),
            "lost": Profile(serves=["shop"]),
            "unknown": Profile(url="https://shop.example", serves=["shoop"]),
        },
    )
    served = canon_under(canon, resolve_profile(canon, "staging")).services

    assert served["shop"] == Service(
        kind=ServiceKind.URL, url="https://shop.example", ready="/health", url_env=["SHOP"]
    )
    assert served["big"] == big
    assert canon_under(canon, resolve_profile(canon, "crowd")).services["shop"] == big
    assert canon_under(canon, resolve_profile(canon, None)).services == canon.services
    with pytest.raises(UserError, match="serves `shop`, and does not say where; set `url`"):
        canon_under(canon, resolve_profile(canon, "lost"))
    with pytest.raises(UserError, match="names the service `shoop`, which nothing declares"):
        canon_under(canon, resolve_profile(canon, "unknown"))


def test_a_profile_takes_from_those_that_it_inherits_what_it_does_not_say() -> None:
    canon = Canon(
        profiles={
            "ci": Profile(workers=2, env={"WHERE": "ci", "LEVEL": "1"}),
            "release": Profile(inherits="nightly", workers=3, env={"WHERE": "release"}),
        }
    )
    found = resolve_profile(canon, "release")

    assert found.chain == ("release", "nightly", "ci", "local")
    assert (found.keys.workers, found.keys.shuffle, found.keys.leaks) == (3, True, Leaks.FAIL)
    assert found.keys.env == {"WHERE": "release", "LEVEL": "1"}
    assert resolve_profile(canon, None).chain == ("local",)


durations = st.lists(st.floats(0, 100), min_size=1, max_size=40)


@given(expected=durations, count=st.integers(1, 12))
def test_shards_are_the_whole_and_none_is_empty(expected: list[float], count: int) -> None:
    work = tuple(Work(path=f"test_{number}.py", expected=seconds) for number, seconds in enumerate(expected))
    plan = (CategoryPlan(work=work, whole=frozenset(each.path for each in work)),)
    tests = {each.path: tuple(f"{each.path}::test_{letter}" for letter in "abc") for each in work}
    nodes = [node for listed in tests.values() for node in listed]
    if len(nodes) < count:
        with pytest.raises(UserError, match="cannot fill"):
            take_shard(plan, Shard(1, count), durations={}, tests=tests)
        return
    parts = [take_shard(plan, Shard(number, count), durations={}, tests=tests) for number in range(1, count + 1)]
    held = [[node for each in part[0].work for node in each.nodes or tests[each.path]] for part in parts]

    assert all(held)
    assert sorted(node for part in held for node in part) == sorted(nodes)


def test_shards_are_even() -> None:
    work = tuple(Work(path=f"test_{number}.py", expected=float(number)) for number in range(1, 41))
    parts = [
        take_shard((CategoryPlan(work=work),), Shard(number, 4), durations={}, tests={})[0] for number in (1, 2, 3, 4)
    ]
    loads = [sum(each.expected for each in part.work) for part in parts]

    assert max(loads) - min(loads) <= 2


def test_waves_follow_needs_and_conflicts() -> None:
    named = [
        CategoryPlan(name="unit"),
        CategoryPlan(name="lint"),
        CategoryPlan(name="api", needs=("unit",), conflicts=("db",)),
        CategoryPlan(name="db", needs=("unit",)),
        CategoryPlan(name="late", needs=("gone",)),
    ]

    assert [[each.name for each in wave] for wave in waves(named)] == [["unit", "lint", "late"], ["api"], ["db"]]


def test_the_plan_is_shown(folder: Folder) -> None:
    canon = "[categories.unit]\npaths = ['tests']\nretries = 2\ntest-timeout = '5s'\nserial = true\n"
    folder.write({"canonry.toml": canon, "tests/test_a.py": SOUND})
    said = folder.call("run", "--plan", "--workers", "3").stdout
    shown = json.loads(folder.call("run", "--plan", "--workers", "3", "--output-format", "json").stdout)

    assert "one after the other, 5 s a test, 2 retries" in said
    assert "3 workers; expected" in said
    assert shown["waves"][0][0]["retries"] == 2
