"""Where a content calls or names something, under any alias."""

import pytest

from canonry.source.mentions import decode_mentions, encode_mentions, mention_variant, mentions_of

NAMES = ("requests.get", "requests.Session.get")


def found_in(code: str) -> list[tuple[str, bool, int, int]]:
    mentions = mentions_of(code.encode(), NAMES, (3, 11))
    return [(each.reference, each.called, each.site.line, each.site.column) for each in mentions]


@pytest.mark.parametrize(
    ("code", "reference", "called"),
    [
        ("import requests\nrequests.get(1)\n", "requests.get", True),
        ("import requests as r\nr.get(1)\n", "requests.get", True),
        ("from requests import get as g\ng(1)\n", "requests.get", True),
        ("from .requests import get\nget(1)\n", ".requests.get", True),
        ("import requests\nx = [requests.get]\n", "requests.get", False),
        ("import requests\ngo(lambda: requests.get(1))\n", "requests.get", True),
        ("import requests\nx = [requests.get(u) for u in y]\n", "requests.get", True),
        ("import requests\nrequests.get(1).json()\n", "requests.get", True),
        ("import requests\nrequests.get.x\n", "requests.get", False),
        ("from requests import Session\nSession().get(1)\n", "requests.Session.get", True),
    ],
)
def test_one_use_in_the_second_line(code: str, reference: str, called: bool) -> None:
    found = found_in(code)

    assert [(each[0], each[1], each[2]) for each in found] == [(reference, called, 2)]


@pytest.mark.parametrize(
    "code",
    [
        "import requests\ndef f():\n    return requests.get(1)\n",
        "def f():\n    return requests.get(1)\nimport requests\n",
        "import requests\nclass A:\n    def m(self):\n        return requests.get(1)\n",
        "try:\n    import requests\nexcept ImportError:\n    requests = None\nrequests.get(1)\n",
        "import requests\n@requests.get(1)\ndef f(): ...\n",
        "import requests\ndef f(x=requests.get(1)): ...\n",
        "import requests\nasync def f():\n    async with requests.get(1) as x: ...\n",
        "from requests import Session\ns = Session()\ns.get(1)\n",
        "import requests\nwhile requests.get(1): ...\n",
        "import requests\nmatch requests.get(1):\n    case _: ...\n",
        "import requests\nx = f'{requests.get(1)}'\n",
    ],
)
def test_it_is_called_once(code: str) -> None:
    assert sum(called for _, called, _, _ in found_in(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "import requests\ndef f(requests):\n    requests.get(1)\n",
        "import requests\ndef f():\n    requests = {}\n    requests.get(1)\n",
        "import requests\ngo(lambda requests: requests.get(1))\n",
        "import requests\n[requests.get(1) for requests in x]\n",
        "import requests\nfor requests in x:\n    requests.get(1)\n",
        "import requests\nx = 'requests.get(1)'  # requests.get(1)\n",
        "import requests\nrequests.get = 1\n",
        "x = {}\nx.get(1)\n",
        "class A:\n    def m(self):\n        self.get(1)\n",
        "import requests\nrequests.post(1)\n",
        "import requests\nrequests.get(\n",
    ],
)
def test_it_is_something_else(code: str) -> None:
    found = [reference for reference, *_ in found_in(code) if reference in NAMES]

    assert found == []


def test_deep_code_is_passed_over() -> None:
    assert found_in("import requests\nx = " + "(" * 80 + "requests.get" + ")" * 80 + "\n") != []
    assert isinstance(found_in("x = " + "-" * 50_000 + "get\n"), list)


def test_records_are_kept_exactly() -> None:
    mentions = mentions_of(b"import requests\nrequests.get(1)\n", NAMES, (3, 11))

    assert decode_mentions(encode_mentions(mentions)) == mentions
    assert decode_mentions(b"\xc1") is None


def test_the_key_knows_names_and_target() -> None:
    keys = {mention_variant(names, target) for names in (NAMES, NAMES[:1]) for target in ((3, 11), (3, 12))}

    assert len(keys) == 4
    assert mention_variant(NAMES, (3, 11)) == mention_variant(reversed(NAMES), (3, 11))
