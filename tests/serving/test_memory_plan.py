"""Memory plan of a replica."""

import struct

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection

from tests.serving.models import shipped_gguf
from vong.errors import PreconditionFailed
from vong.serving import replica_tables
from vong.serving.gguf_metadata import read_gguf_metadata
from vong.serving.machine_info import parse_gpus
from vong.serving.memory_plan import check_memory, compute_need, dimensions_from_config, dimensions_from_gguf
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database

CONFIG = {
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
}
WEIGHTS = 16_000_000_000


def add_machine(database: Database, name: str = "one", available: int = 64_000_000_000, **more: object) -> None:
    with database.owner() as connection:
        values = {"address": "127.0.0.1", "cores": 8, "memory": available, "available": available, "gpus": []}
        replica_tables.record_heartbeat(connection, name, {**values, **more})


def test_the_need_is_weights_and_cache_in_the_precision_of_the_device() -> None:
    shape = dimensions_from_config(CONFIG, WEIGHTS)
    need = compute_need("transformers", DeploymentSettings(context=4096, batch=4), shape, WEIGHTS)
    token = 32 * 2 * 8 * 128  # values of keys and values in all layers
    assert need.weights == 2 * WEIGHTS, "fp32 on a CPU"
    assert need.weights_gpu == WEIGHTS, "bf16 on a GPU"
    assert (need.cache, need.cache_gpu) == (token * 4 * 4096 * 4, token * 2 * 4096 * 4)
    assert need.required(on_gpu=True) == WEIGHTS + need.runtime + token * 2 * 4096 * 4


def test_without_a_set_context_one_full_conversation_must_fit() -> None:
    shape = dimensions_from_config(CONFIG, WEIGHTS)
    need = compute_need("transformers", DeploymentSettings(), shape, WEIGHTS)
    assert need.context == 8192
    assert need.required(on_gpu=True) == WEIGHTS + need.runtime + 32 * 2 * 8 * 128 * 2 * 8192


def test_llama_cpp_shares_one_context_between_all_conversations() -> None:
    metadata = read_gguf_metadata(shipped_gguf().read_bytes()[: 1 << 20])
    shape = dimensions_from_gguf(metadata, 100)
    assert shape is not None
    assert (shape.layers, shape.cache_width) == (30, 2 * 3 * 64)
    need = compute_need("xllamacpp", DeploymentSettings(context=1000), shape, 100)
    assert need.cache == 2 * 30 * 2 * 3 * 64 * 1000


def test_unknown_sizes_are_not_planned() -> None:
    assert dimensions_from_config({"model_type": "mamba"}, 1) is None
    assert dimensions_from_gguf({}, 1) is None
    assert compute_need("transformers", DeploymentSettings(), None, 7).cache is None


@pytest.mark.parametrize(
    "data",
    [b"", b"GGUF", b"no model", b"GGUF" + struct.pack("<IQQ", 3, 0, 5), b"GGUF" + struct.pack("<IQQ", 3, 0, 1) * 3],
)
def test_a_broken_gguf_file_has_no_metadata(data: bytes) -> None:
    assert read_gguf_metadata(data) == {}


def test_a_replica_without_room_is_refused_with_all_figures(database: Database, connection: Connection) -> None:
    add_machine(database, available=20_000_000_000)
    shape = dimensions_from_config(CONFIG, WEIGHTS)
    need = compute_need("transformers", DeploymentSettings(context=8192, batch=8), shape, WEIGHTS)
    with pytest.raises(PreconditionFailed) as refused:
        check_memory(connection, "key", "transformers", need)
    for figure in ("weights 32.00 GB", "cache 17.18 GB for 8 × 8192 tokens", "20.00 GB free", "'one'"):
        assert figure in refused.value.message, refused.value.message
    assert "vong worker --engines" in str(refused.value.hint)


def test_the_plan_names_the_machine_with_the_most_room(database: Database, connection: Connection) -> None:
    need = compute_need("xllamacpp", DeploymentSettings(), None, 1_000_000_000)
    assert check_memory(connection, "key", "xllamacpp", need).machine is None
    add_machine(database, "small", 2_000_000_000)
    add_machine(database, "large", 9_000_000_000)
    plan = check_memory(connection, "key", "xllamacpp", need)
    assert (plan.machine, plan.available, plan.required) == ("large", 9_000_000_000, 1_150_000_000)


def test_a_gpu_is_compared_with_its_own_memory(database: Database, connection: Connection) -> None:
    gpus = [{"name": "H200", "memory": 141_000_000_000, "available": 40_000_000_000}]
    add_machine(database, "gpu", 8_000_000_000, gpus=gpus)
    need = compute_need("transformers", DeploymentSettings(), dimensions_from_config(CONFIG, WEIGHTS), WEIGHTS)
    assert check_memory(connection, "key", "transformers", need).available == 40_000_000_000
    with pytest.raises(PreconditionFailed):  # llama.cpp computes without a GPU
        check_memory(connection, "key", "xllamacpp", need)


def test_the_output_of_nvidia_smi_is_parsed() -> None:
    gpus = parse_gpus("NVIDIA H200, 143771, 143166\nNVIDIA A100 (MIG), [N/A], [N/A]\n")
    assert gpus == [{"name": "NVIDIA H200", "memory": 143771 << 20, "available": 143166 << 20}]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_replicas": 3, "max_replicas": 2}, "max_replicas is 2, below min_replicas 3"),
        ({"min_replicas": 0}, "greater than or equal to 1"),
        ({"idle_seconds": -1}, "greater than or equal to 0"),
        ({"max_replicas": 65}, "less than or equal to 64"),
    ],
)
def test_invalid_settings_are_rejected(values: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DeploymentSettings.model_validate(values)


def test_the_maximum_is_at_least_the_minimum() -> None:
    assert DeploymentSettings(min_replicas=3).max_replicas == 3
