"""Checks of rows before they are stored."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import factories
from vong.data.row_checks import MAX_DEPTH, check_example, find_fault, find_problem, printable
from vong.errors import InvalidInput
from vong.records.record import canonical_json

odd_texts = st.text(st.characters(), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(odd_texts, values, max_size=3))
def test_a_row_is_accepted_exactly_if_it_can_be_stored(metadata: dict[str, Any]) -> None:
    example = factories.example("a").model_copy(update={"metadata": metadata})
    problem = find_problem(example)
    assert (problem is None) == (find_fault(metadata, "metadata", allows_nul=False) is None)
    if problem is None:
        stored = canonical_json(example.model_dump(mode="json", exclude_none=True))
        assert b"\\u0000" not in stored
        assert json.loads(stored)["metadata"] == metadata if metadata and None not in metadata.values() else True
    else:
        printable(problem).encode()


@pytest.mark.parametrize(
    ("depth", "accepted"), [(1, True), (MAX_DEPTH - 1, True), (MAX_DEPTH, False), (100_000, False)]
)
def test_nesting_is_limited(depth: int, accepted: bool) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    example = factories.example("a", note=value)
    if accepted:
        check_example(example)
        example.model_dump(mode="json")
    else:
        with pytest.raises(InvalidInput, match=f"nested more than {MAX_DEPTH} levels"):
            check_example(example)
    while isinstance(value, list):  # a deep list is freed step by step, because Python frees it recursively
        value = value[0]


@given(st.text(st.characters(), max_size=50))
def test_a_printable_text_can_be_stored_and_stays_readable(text: str) -> None:
    shown = printable(text)
    shown.encode()
    assert "\0" not in shown
    assert printable(shown) == shown
