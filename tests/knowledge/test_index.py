"""What a base can be called."""

import pytest

from vong import knowledge
from vong.errors import InvalidInput


@pytest.mark.parametrize("name", ["handbook", "Shop-2.1_b", "7"])
def test_a_base_is_called_by_what_fits_into_an_address(name: str) -> None:
    assert knowledge.check_name(name) == name


@pytest.mark.parametrize("name", ["", "two words", "-a", "sổ-tay", "a/b", "a" * 101])
def test_another_name_is_refused_with_the_signs_that_fit(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name a knowledge base"):
        knowledge.check_name(name)
