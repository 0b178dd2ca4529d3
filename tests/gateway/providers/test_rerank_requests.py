"""Rerank requests that a provider reads itself: fields of another type are the caller's error."""

import pytest

from vong.errors import InvalidInput
from vong.gateway.providers.rerank import parse_rerank_request


def test_documents_are_texts_or_objects_with_a_text() -> None:
    request = parse_rerank_request(b'{"query": "a", "documents": ["b", {"text": "c", "id": 1}], "top_n": null}')
    assert (request.query, request.texts, request.top_n) == ("a", ["b", "c"], None)


@pytest.mark.parametrize(
    "fields",
    ['"top_n": 1.5', '"top_n": 0', '"top_n": []', '"return_documents": "yes"', '"documents": [1]', '"documents": [{}]'],
)
def test_other_types_are_rejected(fields: str) -> None:
    with pytest.raises(InvalidInput, match="invalid request"):
        parse_rerank_request(b'{"query": "a", "documents": ["b"], %b}' % fields.encode())
