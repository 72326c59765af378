"""What the code of a tree puts other things in the place of, by name."""

import pytest

from canonry.audit.listing import Listing
from canonry.migrate.starters import starters_of


@pytest.mark.parametrize(
    ("text", "is_replaced"),
    [
        ("patch('shop.bank.pay')", True),
        ("patch.object(shop.bank, 'pay')", True),
        ("monkeypatch.setattr('shop.bank.pay', None)", True),
        ("monkeypatch.delattr(bank, 'pay')", True),
        ("setattr(bank, 'pay', None)", True),
        ("getattr(bank, 'pay')", False),
        ("hasattr(bank, 'pay')", False),
    ],
)
def test_what_is_replaced(text: str, is_replaced: bool) -> None:
    listing = Listing({"tests/test_a.py": None}, {}, frozenset(), b"", [], {}, [])
    found = starters_of(lambda _path, _key: f"{text}\n".encode(), listing)
    assert found.replaces("shop/bank.py", "pay") == ("bank.pay" if is_replaced else "")
