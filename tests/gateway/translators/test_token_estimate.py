"""Estimate of input tokens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.gateway.translators.token_estimate import (
    TOKENS_PER_DOCUMENT,
    TOKENS_PER_IMAGE,
    TOKENS_PER_MESSAGE,
    estimate_message_tokens,
)

TEXT = {"role": "user", "content": "x" * 40}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 99_000}}
DOCUMENT = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 99_000}}
PLAIN = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x" * 40}}
RESULT = {"type": "tool_result", "tool_use_id": "t" * 40, "content": [{"type": "text", "text": "x" * 40}, IMAGE]}


@pytest.mark.parametrize(
    ("request_", "tokens"),
    [
        ({"messages": [TEXT]}, 10 + TOKENS_PER_MESSAGE),
        ({"messages": [TEXT], "system": "x" * 40}, 20 + TOKENS_PER_MESSAGE),
        ({"messages": [TEXT], "system": [{"type": "text", "text": "x" * 40}]}, 20 + TOKENS_PER_MESSAGE),
        ({"messages": [TEXT], "tools": ["x" * 36]}, 20 + TOKENS_PER_MESSAGE),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, TOKENS_PER_IMAGE + TOKENS_PER_MESSAGE),
        ({"messages": [{"role": "user", "content": [DOCUMENT]}]}, TOKENS_PER_DOCUMENT + TOKENS_PER_MESSAGE),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, 10 + TOKENS_PER_IMAGE + TOKENS_PER_MESSAGE),
        ({"messages": None}, 1),
    ],
)
def test_texts_tools_and_attachments_are_estimated(request_: dict[str, Any], tokens: int) -> None:
    assert estimate_message_tokens(request_) == tokens


def test_the_text_of_a_plain_document_is_read() -> None:
    assert 10 <= estimate_message_tokens({"messages": [{"role": "user", "content": [PLAIN]}]}) < 20


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "source", "text", "content"]), inner, max_size=3)
        ),
    )
)
def test_any_json_is_estimated(content: Any) -> None:
    assert estimate_message_tokens({"messages": [{"role": "user", "content": content}]}) >= 0
