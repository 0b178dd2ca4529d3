"""Compressed candidates: built, measured in processes of their own, compared, and registered."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.registry.conftest import JobRunner, Models
from vong import registry, serving
from vong.app import Platform
from vong.app.parity_inputs import find_reference
from vong.errors import InvalidInput
from vong.training.export.gguf_export.quantization import LEVELS, choose_type, encoded_bytes, quantize


@pytest.mark.slow
def test_candidates_are_measured_side_by_side_and_one_is_kept(
    http: TestClient, platform: Platform, project: UUID, models: Models, job_runner: JobRunner
) -> None:
    path = f"/api/v1/registry/versions/{models.adapter.ref}/compressions"
    body = {"to": ["int8", "gguf:q8_0", "gguf:q4_0", "int8"], "dataset": "rows", "rows": 2}
    result = job_runner.run(http.post(path, json=body).json())
    table: dict[str, dict[str, Any]] = {one["candidate"]: one for one in result["candidates"]}
    assert list(table) == ["original", "int8", "gguf:q8_0", "gguf:q4_0"]
    for name, one in table.items():
        assert one["tokens_per_second"] > 0 and one["memory_bytes"] > 0, name
        assert (one["loss_rows"], one["loss_tokens"]) == (2, 8), name
    losses = {name: one["loss"] for name, one in table.items()}
    assert abs(losses["gguf:q8_0"] - losses["original"]) < abs(losses["gguf:q4_0"] - losses["original"])
    assert abs(losses["gguf:q8_0"] - losses["original"]) < 1.0
    stored = http.get(f"/api/v1/registry/exports/{table['gguf:q8_0']['export']}").json()
    assert stored["measurement"]["loss"] == losses["gguf:q8_0"]

    kept = job_runner.run(http.post(f"/api/v1/registry/exports/{table['int8']['export']}/keep", json={}).json())
    with platform.scope(project) as connection:
        version = registry.find(connection, kept["model"])
        assert (version.name, version.base, version.kind) == ("triage-int8", models.adapter.ref, "merged")
        assert version.metadata["compression"] == "int8" and version.metadata["measurement"]["loss"] == losses["int8"]
        assert find_reference(connection, version).ref == models.adapter.ref
        assert serving.deploy(connection, "small", version, version).job is not None  # its parity check
    again = http.post(f"/api/v1/registry/versions/{kept['model']}/compressions", json={"to": ["int4"]})
    assert again.status_code == 422 and "compressed already" in again.json()["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"to": ["int3"]}, "unknown compression 'int3'"),
        ({"to": ["gguf:q1"]}, "no GGUF quantization 'q1'"),
        ({"to": []}, "at least 1"),
        ({"to": ["int8"], "dataset": "rows", "split": "none"}, "has no split 'none'"),
        ({"to": ["int8"], "dataset": "missing"}, "no dataset named 'missing'"),
    ],
)
def test_invalid_compressions_are_rejected(http: TestClient, models: Models, body: dict[str, Any], words: str) -> None:
    answer = http.post(f"/api/v1/registry/versions/{models.adapter.ref}/compressions", json=body)
    assert answer.status_code in {404, 422} and words in answer.text


def test_llama_cpps_quantization_is_called_correctly() -> None:
    import gguf
    import numpy as np

    values = np.random.default_rng(0).normal(size=(3, 512)).astype(np.float32)
    errors: dict[str, float] = {}
    for level in LEVELS.values():
        packed = quantize(values, level.type)
        assert packed.nbytes == encoded_bytes((3, 512), level.type)
        restored = gguf.dequantize(packed, gguf.GGMLQuantizationType[level.type])
        errors[level.type] = float(np.sqrt(((restored - values) ** 2).mean()))
    assert errors["F32"] == 0 and errors["F16"] < 1e-3
    order = ["Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K"]
    assert [errors[name] for name in order] == sorted(errors[name] for name in order) and errors["Q2_K"] < 0.4
    reference = gguf.quantize(values, gguf.GGMLQuantizationType.Q4_0)
    assert (quantize(values, "Q4_0") == reference).all()


@pytest.mark.parametrize(
    ("level", "name", "shape", "expected"),
    [
        ("q4_k_m", "blk.0.attn_v.weight", (64, 256), "Q6_K"),
        ("q4_k_m", "blk.4.attn_q.weight", (64, 256), "Q4_K"),
        ("q4_k_m", "blk.4.attn_q.weight", (64, 96), "Q5_0"),
        ("q4_k_m", "output.weight", (64, 256), "Q6_K"),
        ("q8_0", "blk.0.ffn_down.weight", (64, 40), "F16"),
        ("q2_k", "blk.0.attn_norm.weight", (256,), "F32"),
        ("f16", "output.weight", (64, 256), "F16"),
    ],
)
def test_types_of_tensors(level: str, name: str, shape: tuple[int, ...], expected: str) -> None:
    assert choose_type(level, name, shape, 16, tied=False) == expected


def test_the_embedding_of_a_tied_model_is_the_output_matrix() -> None:
    assert choose_type("q4_0", "token_embd.weight", (64, 256), 16, tied=True) == "Q6_K"
    assert choose_type("q4_0", "token_embd.weight", (64, 256), 16, tied=False) == "Q4_0"


def test_an_unknown_tokenizer_is_not_guessed(tiny_folder: Path) -> None:
    import json

    from vong.training.export.gguf_export.vocabulary import find_pre_tokenizer

    source = json.loads((tiny_folder / "tokenizer.json").read_text())
    assert find_pre_tokenizer(source) == "gpt-2"
    split = {"type": "Split", "pattern": {"Regex": "[a-z]+"}, "behavior": "Isolated", "invert": False}
    source["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split, {"type": "ByteLevel", "use_regex": False}]}
    with pytest.raises(InvalidInput, match="pre-tokenizer Split"):
        find_pre_tokenizer(source)
    source["model"]["byte_fallback"] = True
    with pytest.raises(InvalidInput, match="cannot be written to GGUF"):
        find_pre_tokenizer(source)
