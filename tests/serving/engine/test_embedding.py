"""Embedding and rerank engines compute what transformers computes, and read requests of OpenAI, Cohere and Jina."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.serving.embedding_models import HIDDEN, export_onnx, tiny_embedding_model, tiny_reranker, write_gguf
from vong.errors import InvalidInput, Unsupported
from vong.serving.embedding_parity import cosine, reference_scores, reference_vectors
from vong.serving.engine import EngineSettings, GenerationRequest
from vong.serving.engine.embeddings.engine import EmbeddingModelEngine, load_embedding_engine
from vong.serving.engine.embeddings.requests import (
    EmbeddingFields,
    EmbeddingOptions,
    EmbeddingResult,
    RerankFields,
    RerankResult,
    embedding_response,
    parse_fields,
    rerank_response,
)

TEXTS = ["hello world", "the river bank is on money .", "a", "The Money Boat is on a river bank"]
SETTINGS = EngineSettings(threads=1, batch=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prompts = {"query": "query : ", "passage": "passage : "}
    return tiny_embedding_model(tmp_path_factory.mktemp("models") / "plain", prompts=prompts)


@pytest.fixture(scope="module")
def engine(model: Path) -> EmbeddingModelEngine:
    return EmbeddingModelEngine(model, SETTINGS)


def embed(engine: Any, inputs: Sequence[Any], **options: Any) -> NDArray[np.float32]:
    result = asyncio.run(engine.embed(inputs, EmbeddingOptions(**options)))
    return np.array(result.vectors, dtype=np.float32)


def test_vectors_of_a_batch_equal_those_of_single_texts_in_the_reference(
    model: Path, engine: EmbeddingModelEngine
) -> None:
    vectors = embed(engine, TEXTS)
    assert np.abs(vectors - reference_vectors(model, TEXTS)).max() < 1e-5
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert engine.load.active == engine.load.waiting == 0


@pytest.mark.parametrize(
    ("pooling", "dense"), [("cls_token", 0), ("max_tokens", 8), ("lasttoken", 0), ("weightedmean_tokens", 0)]
)
def test_every_pooling_and_a_dense_layer_equal_the_reference(tmp_path: Path, pooling: str, dense: int) -> None:
    folder = tiny_embedding_model(tmp_path / "model", pooling=pooling, dense=dense, normalize=False)
    vectors = embed(load_embedding_engine(folder, SETTINGS), TEXTS)
    assert vectors.shape == (len(TEXTS), dense or HIDDEN)
    assert np.abs(vectors - reference_vectors(folder, TEXTS)).max() < 1e-4
    assert not np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_onnx_weights_give_the_vectors_and_scores_of_safetensors(tmp_path: Path) -> None:
    folder, reranker = tiny_embedding_model(tmp_path / "a"), tiny_reranker(tmp_path / "b")
    expected, scores = reference_vectors(folder, TEXTS), reference_scores(reranker, "money bank", TEXTS)
    exported = load_embedding_engine(export_onnx(folder), SETTINGS)
    assert cosine(expected, embed(exported, TEXTS)).min() > 0.9999
    found = asyncio.run(
        load_embedding_engine(export_onnx(reranker, rerank=True), SETTINGS).rerank("money bank", TEXTS, None)
    )
    assert np.allclose(found.scores, scores, atol=1e-4)


def test_prompts_are_written_before_the_texts(engine: EmbeddingModelEngine) -> None:
    expected = embed(engine, ["query : hello world"])
    for options in ({"role": "query"}, {"prompt_name": "query"}):
        assert np.allclose(embed(engine, ["hello world"], **options), expected, atol=1e-6)
    passage = embed(engine, ["passage : hello world"])
    assert np.allclose(embed(engine, ["hello world"], role="document"), passage, atol=1e-6)
    with pytest.raises(InvalidInput, match="its prompts: query, passage"):
        embed(engine, ["hello"], prompt_name="search")


def test_a_prompt_outside_of_the_pooling_does_not_count(tmp_path: Path) -> None:
    folder = tiny_embedding_model(tmp_path / "m", prompts={"query": "query : "}, include_prompt=False)
    engine = load_embedding_engine(folder, SETTINGS)
    with_prompt = embed(engine, ["hello world"], role="query")
    assert not np.allclose(with_prompt, embed(engine, ["query : hello world"]), atol=1e-3)
    assert np.allclose(with_prompt, reference_vectors(folder, ["hello world"], prompt="query : "), atol=1e-5)


def test_token_ids_give_the_vector_of_their_text(engine: EmbeddingModelEngine) -> None:
    ids = engine._tokenizer.encode(["hello world"])[0]
    expected = embed(engine, ["hello world"])
    assert np.allclose(embed(engine, [ids]), expected, atol=1e-6)
    assert np.allclose(embed(engine, [ids[1:-1]]), expected, atol=1e-6)
    with pytest.raises(InvalidInput, match="token id 9999 does not exist"):
        embed(engine, [[9999]])


def test_a_text_that_is_too_long_is_an_error_unless_it_may_be_truncated(engine: EmbeddingModelEngine) -> None:
    long = "a " * 100
    with pytest.raises(InvalidInput, match="input 1 has 102 tokens, but the model reads at most 32"):
        embed(engine, ["a", long])
    assert np.allclose(embed(engine, [long], truncate=True), embed(engine, ["a " * 30]), atol=1e-6)
    ids = [5] * 100
    assert np.allclose(embed(engine, [ids], truncate=True), embed(engine, ["a " * 30]), atol=1e-6)


def test_dimensions_are_shortened_only_if_the_model_was_trained_for_it(tmp_path: Path, engine: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be shortened to 8; remove dimensions"):
        embed(engine, ["a"], dimensions=8)
    assert embed(engine, ["a"], dimensions=HIDDEN).shape == (1, HIDDEN)
    folder = tiny_embedding_model(tmp_path / "m", matryoshka_dimensions=[8, 16])
    short = load_embedding_engine(folder, SETTINGS)
    full, vector = embed(short, ["hello world"])[0], embed(short, ["hello world"], dimensions=8)[0]
    assert np.allclose(vector, full[:8] / np.linalg.norm(full[:8]), atol=1e-6)
    with pytest.raises(InvalidInput, match="use one of: 8, 16, 32"):
        embed(short, ["a"], dimensions=4)


def test_normalization_can_be_switched_off(engine: EmbeddingModelEngine) -> None:
    raw = embed(engine, ["hello world"], normalize=False)[0]
    assert abs(np.linalg.norm(raw) - 1) > 0.01
    assert np.allclose(raw / np.linalg.norm(raw), embed(engine, ["hello world"])[0], atol=1e-6)


def test_requests_take_turns(engine: EmbeddingModelEngine) -> None:
    async def run() -> list[EmbeddingResult]:
        return await asyncio.gather(*(engine.embed(TEXTS, EmbeddingOptions()) for _ in range(5)))

    results = asyncio.run(run())
    assert all(np.allclose(result.vectors, results[0].vectors, atol=1e-6) for result in results)
    assert engine.load.active == engine.load.waiting == 0


def test_a_reranker_scores_pairs_as_the_reference_and_truncates_documents(tmp_path: Path) -> None:
    folder = tiny_reranker(tmp_path / "m")
    engine = load_embedding_engine(folder, SETTINGS)
    documents = ["the river", "money money bank", "hello " * 200]
    result = asyncio.run(engine.rerank("money bank", documents, None))
    assert np.allclose(result.scores, reference_scores(folder, "money bank", documents), atol=1e-4)
    short = asyncio.run(engine.rerank("money bank", ["hello " * 200], 3))
    assert np.allclose(short.scores, reference_scores(folder, "money bank", ["hello " * 3]), atol=1e-4)
    with pytest.raises(InvalidInput, match="the query has 203 tokens"):
        asyncio.run(engine.rerank("a " * 200, ["b"], None))


def test_gguf_models_are_pooled_as_their_file_says(tmp_path: Path) -> None:
    engine: Any = None
    folder, cls = tiny_embedding_model(tmp_path / "a"), tiny_embedding_model(tmp_path / "b", pooling="cls_token")
    for number, source in enumerate((folder, cls), 1):
        file = write_gguf(source, tmp_path / f"{number}.gguf", pooling=number)
        engine = load_embedding_engine(file, SETTINGS)
        assert engine.task == "embedding"
        assert cosine(reference_vectors(source, TEXTS), embed(engine, TEXTS)).min() > 0.999
    ids = asyncio.run(engine._tokenize("hello world"))
    assert np.allclose(embed(engine, [ids]), embed(engine, ["hello world"]), atol=1e-4)
    with pytest.raises(InvalidInput, match="input 0 has 102 tokens, but the model reads at most 64"):
        embed(engine, ["a " * 100])
    assert embed(engine, ["a " * 100], truncate=True).shape == (1, HIDDEN)


def test_a_gguf_reranker_scores_as_the_reference(tmp_path: Path) -> None:
    source = tiny_reranker(tmp_path / "m", has_segments=False)  # llama.cpp reads no segments
    engine = load_embedding_engine(write_gguf(source, tmp_path / "r.gguf", pooling=4), SETTINGS)
    assert engine.task == "rerank"
    result = asyncio.run(engine.rerank("money bank", TEXTS, None))
    expected = reference_scores(source, "money bank", TEXTS)
    assert np.allclose(result.scores, expected, atol=1e-2)


def test_a_model_that_generates_no_text_says_what_to_call(engine: EmbeddingModelEngine) -> None:
    async def generate() -> None:
        async for _ in engine.generate(GenerationRequest()):
            pass

    with pytest.raises(Unsupported, match="generates no text; send the request to /v1/embeddings"):
        asyncio.run(generate())


def test_responses_have_the_formats_of_openai_and_cohere() -> None:
    result = EmbeddingResult([[0.5, -1.0]], 3)
    plain = embedding_response("m", result, "float")
    assert plain["data"] == [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}]
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    encoded = embedding_response("m", result, "base64")["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(encoded)) == (0.5, -1.0)
    body = b'{"model":"m","query":"q","documents":["a",{"text":"b","id":1},"c"],"top_n":2,"return_documents":true}'
    request = parse_fields(RerankFields, body)
    response = rerank_response(request, request.texts(), RerankResult([-800.0, 2.0, 0.0], 9))
    assert [item["index"] for item in response["results"]] == [1, 2]
    assert response["results"][0]["document"] == {"text": "b"}
    assert response["results"][1]["relevance_score"] == 0.5
    assert response["usage"]["total_tokens"] == 9


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (EmbeddingFields, b'{"model":"m","input":[]}', "input is empty"),
        (EmbeddingFields, b'{"model":"m","input":["a",""]}', "input is empty or contains an empty text"),
        (EmbeddingFields, b'{"model":"m","input":["a",1]}', "input"),
        (EmbeddingFields, b'{"model":"m","input":"a","encoding_format":"int8"}', "encoding_format"),
        (EmbeddingFields, b'{"model":"m","input":"a","dimensions":0}', "dimensions"),
        (EmbeddingFields, b'{"model":"m","input":"a","input_type":"image"}', "unknown input_type 'image'"),
        (EmbeddingFields, b'{"model":"m","input":"a","task":"sts"}', "do not support task"),
        (EmbeddingFields, b'{"model":"m","input":"a","input_type":"query","prompt_name":"q"}', "both"),
        (RerankFields, b'{"model":"m","query":"","documents":["a"]}', "query"),
        (RerankFields, b'{"model":"m","query":"q","documents":[]}', "documents"),
        (RerankFields, b'{"model":"m","query":"q","documents":[{"title":"a"}]}', "documents"),
        (
            RerankFields,
            b'{"model":"m","query":"q","documents":["a"],"rank_fields":["x"]}',
            "do not support rank_fields",
        ),
    ],
)
def test_invalid_requests_name_the_field(kind: Any, body: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        request = parse_fields(kind, body)
        _ = (request.inputs(), request.options()) if isinstance(request, EmbeddingFields) else request.texts()
