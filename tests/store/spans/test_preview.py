"""Preview text of span bodies."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.store.spans.preview import MAX_PREVIEW_CHARS, build_preview

FIELDS = ("role", "content", "text", "tool_calls", "messages", "choices", "message", "input", "prompt", "type", "other")
bodies = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.sampled_from(("system", "user", "image_url")),
        st.text(max_size=5),
    ),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), values, max_size=4),
    max_leaves=20,
)


@given(bodies)
def test_every_body_has_a_preview(body: Any) -> None:
    """Build a preview of any JSON. A body without one could not be stored, and its call would not be billed."""
    for preview in (build_preview(body), build_preview(msgspec.Raw(json.dumps(body).encode()))):
        assert len(preview) <= MAX_PREVIEW_CHARS


@pytest.mark.parametrize(
    ("body", "preview"),
    [
        ({"choices": [None]}, ""),
        ({"choices": [{"message": {"role": [], "content": "hi"}}]}, "hi"),
        ({"choices": [{"message": {"role": "assistant", "content": "", "tool_calls": True}}]}, ""),
        ({"messages": [{"role": "system", "content": "a"}, {"role": {}, "content": "b"}]}, "b"),
        ({"type": ["image_url"]}, '{"type":["image_url"]}'),
    ],
)
def test_odd_values_are_skipped(body: Any, preview: str) -> None:
    assert build_preview(body) == preview
