"""From shapes to clusters: which functions belong together, which is the home, what is said of the others."""

import random
import textwrap
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.source.clones.cluster import Cluster, Importers, Kind
from canonry.source.clones.search import find_clusters
from canonry.source.functions.shapes import Shapes, decode_shapes, read_shapes
from canonry.source.similar import similar_pairs

STATEMENTS = [f"    data = shop.step_{number}(data)" for number in range(12)]


def function(*, name: str = "work", change: Mapping[int, str] | None = None, more: tuple[str, ...] = ()) -> str:
    """A function of twelve statements; some of them changed, some added."""
    lines = [(change or {}).get(number, line) for number, line in enumerate(STATEMENTS)]
    return "\n".join([f"def {name}(data):", *lines, *more]) + "\n"


def swapped(*numbers: int) -> dict[int, str]:
    return {number: f"    data = shop.other_{number}(data)" for number in numbers}


def clusters(
    files: Mapping[str, str], *, modules: Mapping[str, int] | None = None, names: Mapping[tuple[str, str], int] = {}
) -> list[Cluster]:
    return find_clusters(
        {path: shapes(code) for path, code in files.items()},
        join=lambda sets: similar_pairs(sets, Fraction(4, 5)),
        count_importers=lambda _paths, _names: Importers(modules or {}, names),
    )


def shapes(code: str) -> Shapes:
    record = decode_shapes(read_shapes(code.encode(), (3, 11)))
    assert record is not None
    return record


def said(cluster: Cluster) -> tuple[str, str, list[tuple[str, str]]]:
    return cluster.kind, cluster.home.path, [(other.place.path, other.note) for other in cluster.others]


@pytest.mark.parametrize(
    ("other", "kind", "note"),
    [
        (function(), "exact", ""),
        (function(name="labour"), "exact", ""),
        (function().replace("data", "rows"), "renamed", "`data` is `rows` here"),
        (function(change=swapped(3)), "near", "1 of 13 statements differs (line 5 here, line 5 there)"),
        (function(more=("    return data",)), "near", "1 statement more (line 14)"),
        (function(change={3: "    pass"}), "near", "1 statement less (line 5 there)"),
        (function(change=swapped(3), more=("    return data",)), "near", "2 of 14 statements differ (lines 5 and 14 here, line 5 there)"),
        (function().replace("step_3(data)", "step_3(data)\n\n"), "exact", ""),
        (function(change={2: STATEMENTS[3], 3: STATEMENTS[2]}), "near", "only literals, names or the order differ"),
    ],
)  # fmt: skip
def test_how_two_functions_are_alike(other: str, kind: str, note: str) -> None:
    (found,) = clusters({"a.py": function(), "b.py": other})

    assert said(found) == (kind, "a.py", [("b.py", note)])


def test_functions_that_differ_more_are_no_clones() -> None:
    assert clusters({"a.py": function(), "b.py": function(change=swapped(3, 7))}) == []


def test_literals_alone() -> None:
    one, other = (function(more=(f"    return data + {word!r}",)) for word in ("one", "other"))
    (found,) = clusters({"a.py": one, "b.py": other})

    assert said(found) == ("near", "a.py", [("b.py", "only literals or names differ")])


@pytest.mark.parametrize(
    ("modules", "names", "home"),
    [
        ({}, {}, "b.py"),
        ({"tests/long/c.py": 1}, {}, "tests/long/c.py"),
        ({"tests/long/c.py": 1, "a/a.py": 2}, {}, "a/a.py"),
        ({"tests/long/c.py": 1, "a/a.py": 2}, {("tests/long/c.py", "work"): 1}, "tests/long/c.py"),
        ({}, {("a/a.py", "idle"): 5}, "b.py"),
    ],
)
def test_the_home_is_the_most_imported_one_then_the_shortest(
    modules: dict[str, int], names: dict[tuple[str, str], int], home: str
) -> None:
    files = dict.fromkeys(("a/a.py", "b.py", "tests/long/c.py"), function())
    (found,) = clusters(files, modules=modules, names=names)

    assert found.home.path == home
    assert {found.home.path, *(other.place.path for other in found.others)} == set(files)


def test_the_file_with_fewer_clones_is_the_likelier_home() -> None:
    rest = {5: "", 6: "", 7: ""}
    crowd = function() + function(name="small", change=rest) + function(name="large", change=swapped(*range(9)))
    found = clusters({"a.py": crowd, "bb.py": function(), "c.py": function(name="large", change=swapped(*range(9)))})

    assert [cluster.home.path for cluster in found if cluster.kind is Kind.EXACT] == ["bb.py", "c.py"]


def test_what_the_same_files_repeat_is_one_cluster() -> None:
    both = function() + function(name="second", change=swapped(*range(12)))
    (found,) = clusters({"a.py": both, "b.py": both})

    assert [home.shape.qualname for home in found.homes] == ["work", "second"]
    assert [(other.place.shape.qualname, other.note) for other in found.others] == [
        ("work", "as `work` in line 1"),
        ("second", "as `second` in line 14"),
    ]


def test_every_member_is_near_to_the_home() -> None:
    chain = [function(change=swapped(*range(length))) for length in (0, 1, 2)]
    found = clusters({f"{letter}.py": code for letter, code in zip("abc", chain, strict=True)})

    assert [said(cluster)[1:] for cluster in found] == [
        (
            "b.py",
            [
                ("a.py", "1 of 13 statements differs (line 2 here, line 2 there)"),
                ("c.py", "1 of 13 statements differs (line 3 here, line 3 there)"),
            ],
        )
    ]


def test_exact_clones_appear_once_in_a_near_cluster() -> None:
    found = clusters({"a.py": function(), "b.py": function(change=swapped(0)), "c/b.py": function(change=swapped(0))})

    assert [said(cluster) for cluster in found] == [
        ("near", "a.py", [("b.py", "1 of 13 statements differs (line 2 here, line 2 there); 1 copy of it")]),
        ("exact", "b.py", [("c/b.py", "")]),
    ]


def around(body: str, *, name: str = "outer", tail: str = "    return work\n") -> str:
    return f"def {name}(shop):\n{textwrap.indent(body, '    ')}{tail}"


def test_what_stands_inside_clones_is_not_reported_again() -> None:
    found = clusters({"a.py": around(function()), "b.py": around(function())})

    assert [cluster.home.shape.qualname for cluster in found] == ["outer"]


def test_inner_functions_of_others_are_clones() -> None:
    rest = "".join(f"    shop.rest_{number}()\n" for number in range(9))
    found = clusters({"a.py": around(function()), "b.py": around(function(), tail=rest)})

    assert [(cluster.kind, cluster.home.shape.qualname) for cluster in found] == [("exact", "outer.work")]


def test_a_function_is_no_clone_of_what_holds_it() -> None:
    staircase = "def outer(data):\n    x = 1\n" + textwrap.indent(function(), "    ")

    assert clusters({"a.py": staircase}) == []
    assert [cluster.kind for cluster in clusters({"a.py": staircase, "b.py": staircase})] == ["exact"]


CODES = st.lists(
    st.tuples(st.sets(st.integers(0, 11), max_size=4), st.booleans(), st.booleans()), min_size=2, max_size=9
)


@settings(max_examples=40, deadline=None)
@given(CODES, st.randoms(use_true_random=False))
def test_the_order_of_the_files_makes_no_difference(
    codes: list[tuple[set[int], bool, bool]], shuffled: random.Random
) -> None:
    files = {}
    for number, (numbers, renamed, inner) in enumerate(codes):
        code = function(change=swapped(*numbers))
        code = code.replace("data", "rows") if renamed else code
        files[f"{number % 3}/{number}.py"] = around(code) if inner else code
    paths = list(files)
    shuffled.shuffle(paths)

    assert clusters({path: files[path] for path in paths}) == clusters(files)
