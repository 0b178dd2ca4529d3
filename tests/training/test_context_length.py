"""Rows longer than the context of the base: left out of the run and of its plan, instead of an error in its middle."""

import shutil
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.training.factories import rows
from tests.training.test_job import RUN_REQUEST, Job
from vong import data, registry
from vong.app import Platform
from vong.app import training as wired
from vong.jobs import JobContext
from vong.records import Operation
from vong.training import SftSettings
from vong.training.models.context_length import limit_row_length, read_context_length

POSITIONS = 30
"""Shorter than about half of the rows."""


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"max_position_embeddings": 2048}, 2048),
        ({"n_positions": 1024, "n_ctx": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 4096}}, 4096),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4.0}}, 16384),
        ({"max_position_embeddings": 32768, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}, 32768),
        (
            {
                "max_position_embeddings": 131072,
                "rope_scaling": {"factor": 8.0, "original_max_position_embeddings": 8192},
            },
            131072,
        ),
        ({"max_position_embeddings": 131072, "original_max_position_embeddings": 4096, "rope_scaling": {}}, 131072),
        ({"model_type": "mamba"}, None),
    ],
)
def test_the_context_is_read_from_the_configuration(config: dict[str, Any], expected: int | None) -> None:
    assert read_context_length(config) == expected


def test_only_a_longer_limit_is_lowered() -> None:
    settings = SftSettings(max_length=512)
    assert limit_row_length(settings, None) is limit_row_length(settings, 1024) is settings
    assert limit_row_length(settings, 128).model_dump() == {**settings.model_dump(), "max_length": 128}


def test_rows_longer_than_the_learned_positions_of_a_base_are_left_out(
    http: TestClient, platform: Platform, project_id: UUID, base: Path, tmp_path: Path
) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = tmp_path / "gpt2"
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    config = GPT2Config(vocab_size=259, n_positions=POSITIONS, n_embd=32, n_layer=1, n_head=2, eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained(folder)
    examples = [
        example.model_copy(update={"metadata": {"split": "validation" if number % 4 == 0 else "train"}})
        for number, example in enumerate(rows(24))
    ]
    with platform.scope(project_id) as connection:
        template = (folder / "chat_template.jinja").read_text()
        registry.register(connection, platform.blobs, "tiny", folder, kind="base", chat_template=template)
        data.write(connection, platform.blobs, "letters", examples, Operation(name="import"))
    request = {**RUN_REQUEST, "settings": {"method": "full", "epochs": 1, "batch_size": 4, "samples": 0}}
    plan = http.post("/api/v1/training/plan", json=request).json()
    assert 0 < plan["left_out"] < 24, plan
    params = http.post("/api/v1/training/runs", json=request).json()["job"]["params"]
    job = Job(project_id, tmp_path / "job", params)
    result = wired.train(cast(JobContext, job), platform)
    assert result["model"]
    assert f"max_length is {POSITIONS}, the context of the base model" in job.lines
