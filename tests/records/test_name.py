"""Names of routes, providers and deployments, and of datasets, models and aliases."""

import pytest

from vong.errors import InvalidInput
from vong.records.name import check_name, check_versioned_name


@pytest.mark.parametrize("name", ["a", "0", "gpt-4.1_mini", "a" * 63])
def test_a_valid_name_is_accepted(name: str) -> None:
    check_name(name, "route")
    check_versioned_name(name, "dataset")


@pytest.mark.parametrize("name", ["", "A", "-a", ".a", "a b", "a/b", "a" * 64, "é", "a\n"])
def test_an_invalid_name_is_rejected_with_the_kind_of_object(name: str) -> None:
    with pytest.raises(InvalidInput, match="invalid route name") as raised:
        check_name(name, "route")
    assert "63" in raised.value.hint


def test_a_versioned_name_may_have_capitals_and_100_characters() -> None:
    check_versioned_name("Tickets-" + "a" * 92, "dataset")
    for name in ("", "a@1", "a:prod", "a" * 101):
        with pytest.raises(InvalidInput, match="invalid dataset name"):
            check_versioned_name(name, "dataset")
