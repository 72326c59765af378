"""`SSotMockFactory.unchecked`: the very mocks of `unittest.mock`, recorded, and under the policy of a category."""

from unittest import mock

import pytest

from canonry.testing.doubles import DoubleError, MockPolicyError, SSotMockFactory, enforce, record

NAMES = sorted(name for name in dir(SSotMockFactory.unchecked) if not name.startswith("_"))


def test_it_has_what_makes_mocks() -> None:
    assert {"AsyncMock", "MagicMock", "Mock", "PropertyMock", "create_autospec", "mock_open", "patch"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_the_mock_itself_and_is_recorded_where_it_is_used(name: str) -> None:
    seen: list[record.Made] = []
    record.connect(seen.append)
    try:
        found = getattr(SSotMockFactory.unchecked, name)
    finally:
        record.disconnect(seen.append)

    assert found is getattr(mock, name)
    assert [(made.kind, made.real) for made in seen] == [("unchecked", f"unittest.mock:{name}")]
    assert seen[0].path == __file__


def test_a_name_that_makes_no_mock_is_told() -> None:
    with pytest.raises(AttributeError, match="has no `MagikMock`; did you mean `MagicMock`"):
        _ = SSotMockFactory.unchecked.MagikMock


def test_it_is_asked_of_the_class_where_the_audit_sees_it() -> None:
    with pytest.raises(DoubleError, match=r"`SSotMockFactory\.unchecked`"):
        _ = SSotMockFactory().unchecked


def test_the_policy_of_a_category_holds_for_it() -> None:
    with enforce("specced"):
        assert SSotMockFactory.unchecked.Mock(spec=int)
    with pytest.raises(MockPolicyError, match="real interface"), enforce("specced"):
        SSotMockFactory.unchecked.Mock()
    with pytest.raises(MockPolicyError, match="use the real service"), enforce("forbidden"):
        SSotMockFactory.unchecked.Mock(spec=int)
