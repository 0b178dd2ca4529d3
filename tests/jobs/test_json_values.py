"""Job parameters and results as JSON that PostgreSQL can store."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.jobs.json_values import to_jsonb_safe

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_values_are_converted_to_json_that_postgresql_can_store_and_conversion_is_idempotent(value: Any) -> None:
    once = to_jsonb_safe(value)
    text = json.dumps(once, allow_nan=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert to_jsonb_safe(once) == once == json.loads(text)


def test_values_without_a_json_form_are_rejected() -> None:
    with pytest.raises(TypeError, match="object"):
        to_jsonb_safe({"a": [object()]})
