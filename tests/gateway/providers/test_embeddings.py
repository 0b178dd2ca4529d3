"""Embedding requests of providers that convert them."""

import json
from typing import Any

import pytest

from vong.errors import InvalidInput
from vong.gateway.providers.embeddings import parse_embedding_request


def parse(**fields: Any) -> Any:
    return parse_embedding_request(json.dumps({"model": "m", "input": "a", **fields}).encode())


def test_fields_that_openai_does_not_have_are_passed_on() -> None:
    request = parse(dimensions=8, user="u", input_type="query", more=1, unknown_fields={"x": 2})
    assert (request.texts, request.dimensions, request.encoding_format) == (["a"], 8, "float")
    assert request.unknown_fields == {"input_type": "query", "more": 1, "unknown_fields": {"x": 2}}


@pytest.mark.parametrize("fields", [{"input": [1, 2]}, {"input": []}, {"input": [""]}, {"encoding_format": "hex"}])
def test_an_invalid_request_is_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse(**fields)
