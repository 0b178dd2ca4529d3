"""Files that are no model are refused when they are imported."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serving.embedding_models import tiny_embedding_model, tiny_reranker
from tests.tiny_model import create_tiny_model
from vong.app.model_import import check_source
from vong.errors import InvalidInput, NotFound
from vong.registry.gguf_files import check_gguf, find_task, read_gguf_header
from vong.registry.model_files import find_template, read_template


@pytest.fixture(scope="module")
def embedding_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_embedding_model(tmp_path_factory.mktemp("embedding") / "model")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_tiny_model(tmp_path_factory.mktemp("model"))


def set_config(**values: Any) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


def write_weights(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "model.safetensors").write_bytes(content)


def cut_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


INDEX = json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors"}})
HEADER = json.dumps({"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 1]}}).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut_weights, "109452 bytes, but its header describes 109552: it is cut off"),
        (write_weights(b""), "not a safetensors file"),
        (write_weights(b"these are not weights"), "not a safetensors file"),
        (write_weights(b"version https://git-lfs.github.com/spec/v1\n"), "pointer of Git LFS"),
        (write_weights(struct.pack("<Q", 2) + b"{}"), "no tensors"),
        (write_weights(struct.pack("<Q", 4) + b"[1 ]"), "header of model.safetensors is damaged"),
        (write_weights(struct.pack("<Q", len(HEADER)) + HEADER + b"x"), "unknown type F99"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is not JSON"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "tokenizer.json is not JSON"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no weights"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "a Python pickle"),
        (lambda folder: (folder / "model.safetensors.index.json").write_text(INDEX), "lacks 1 files of the weights"),
        (lambda folder: [file.unlink() for file in folder.iterdir()], "it is empty"),
        (set_config(model_type=None), "no model_type"),
        (set_config(model_type="lama"), "did you mean 'llama'"),
        (set_config(model_type="t5"), "no causal language model"),
        (set_config(model_type="own", auto_map={"AutoModel": "model.Own"}), "needs Python code from its folder"),
        (set_config(dtype="float99"), "dtype 'float99'"),
        (set_config(hidden_size="many"), "no valid configuration of 'llama'"),
    ],
)
def test_a_folder_that_is_no_complete_model_is_refused(
    model: Path, tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    change(folder)
    with pytest.raises(InvalidInput) as raised:
        check_source(str(folder), folder)
    assert words in str(raised.value)


def test_a_complete_folder_is_accepted(model: Path) -> None:
    assert check_source(str(model), model) is None


def remove(*names: str) -> Callable[[Path], object]:
    return lambda folder: [(folder / name).unlink() for name in names]


def set_modules(*kinds: str) -> Callable[[Path], object]:
    modules = [{"path": "", "type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    return lambda folder: (folder / "modules.json").write_text(json.dumps(modules))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut_weights, "it is cut off"),
        (remove("model.safetensors"), "has no weights"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "a Python pickle"),
        (remove("tokenizer.json", "vocab.txt"), "no tokenizer"),
        (remove("1_Pooling/config.json"), "1_Pooling/config.json is missing"),
        (lambda folder: (folder / "modules.json").write_text("{"), "modules.json is not JSON"),
        (set_modules("Transformer", "WordWeights", "Pooling"), "the module 'WordWeights', which is not supported"),
        (set_modules("Transformer"), "has no pooling"),
        (set_config(model_type="no-such-bert"), "the architecture 'no-such-bert' is unknown"),
        (
            lambda folder: [remove("model.safetensors")(folder), (folder / "model.onnx").write_bytes(b"no onnx")],
            "model.onnx is no complete ONNX model",
        ),
    ],
)
def test_an_embedding_model_that_is_incomplete_is_refused(
    embedding_model: Path, tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(embedding_model, folder)
    change(folder)
    with pytest.raises(InvalidInput) as raised:
        check_source(str(folder), folder)
    assert words in str(raised.value)


def test_embedding_models_and_rerankers_are_recognized(embedding_model: Path, tmp_path: Path) -> None:
    assert check_source("x", embedding_model) == "embedding"
    reranker = tiny_reranker(tmp_path / "reranker")
    assert check_source("x", reranker) == "rerank"
    set_config(id2label={"0": "a", "1": "b"})(reranker)
    with pytest.raises(InvalidInput, match="classifies texts"):
        check_source("x", reranker)
    for fields, task in (
        ({"bert.pooling_type": 1}, "embedding"),
        ({"bert.pooling_type": 4}, "rerank"),
        ({}, "embedding"),
    ):
        assert find_task({"general.architecture": "bert", **fields}) == task
    assert find_task({"general.architecture": "llama"}) is None


def test_a_link_out_of_the_folder_is_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    (folder / "notes.txt").symlink_to("/etc/hostname")
    with pytest.raises(InvalidInput, match=r"notes\.txt is a link out of the folder"):
        check_source("x", folder)
    cache = tmp_path / "models--acme--tiny"
    snapshot = cache / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    shutil.copytree(model, cache / "blobs")
    for file in (cache / "blobs").iterdir():
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)
    assert check_source("x", snapshot) is None


def test_a_pickle_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(InvalidInput, match=r"Python pickle.*save_pretrained"):
        check_source("x", tmp_path / "model.pt")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/etc/passwd", "'passwd' is not a model"),
        ("/etc/hostname", "'hostname' is not a model"),
        ("/dev/null", "'null' is not a model"),
        ("/no/such/folder", "does not exist on the worker's machine"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_path_that_is_no_model_is_refused(source: str, words: str) -> None:
    with pytest.raises((InvalidInput, NotFound)) as raised:
        check_source(source, Path(source))
    assert words in str(raised.value)


def test_an_adapter_and_notes_are_refused_without_their_file_names(tmp_path: Path) -> None:
    (tmp_path / "secret-notes.md").write_text("x")
    with pytest.raises(InvalidInput, match="it has 1 other files") as raised:
        check_source(str(tmp_path), tmp_path)
    assert "secret" not in str(raised.value)
    (tmp_path / "secret-link").symlink_to("/etc/hostname")
    with pytest.raises(InvalidInput, match=r"has no config\.json") as raised:
        check_source(str(tmp_path), tmp_path)
    assert "secret" not in str(raised.value)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InvalidInput, match="this is an adapter"):
        check_source(str(tmp_path), tmp_path)


def write_text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def write_gguf(file: Path, *, fields: dict[str, str], version: int = 3, extra: bytes = b"", count: int = 1) -> Path:
    """Write a GGUF file with text fields, a list of texts and one tensor of 64 fp32 values."""
    content = b"GGUF" + struct.pack("<IQQ", version, count, len(fields) + 1)
    for name, value in fields.items():
        content += write_text(name) + struct.pack("<I", 8) + write_text(value)
    content += write_text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + write_text("a") + write_text("b")
    content += (write_text("output.weight") + struct.pack("<IQIQ", 1, 64, 0, 0)) * count
    content += extra
    content += b"\0" * (-len(content) % 32) + b"\1" * 256
    file.write_bytes(content)
    return file


def test_a_gguf_file_is_checked_to_its_last_tensor(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "a.gguf", fields={"general.architecture": "llama"})
    check_gguf(file)
    assert read_gguf_header(file).bytes == file.stat().st_size
    content = file.read_bytes()
    for length, words in ((0, "does not start with GGUF"), (50, "cut off"), (len(content) - 1, "it is cut off")):
        file.write_bytes(content[:length])
        with pytest.raises(InvalidInput, match=words):
            check_gguf(file)


@pytest.mark.parametrize(
    ("fields", "options", "words"),
    [
        ({"general.architecture": "clip"}, {}, "not a language model"),
        ({"general.architecture": "lama"}, {}, "did you mean 'llama'"),
        ({"general.architecture": "llama", "general.type": "adapter"}, {}, "not a language model"),
        ({"general.architecture": "llama", "split.count": "3"}, {}, "one of 3 parts"),
        ({}, {}, "not a language model"),
        ({"general.architecture": "llama"}, {"version": 1}, "GGUF version 1"),
        ({"general.architecture": "llama"}, {"count": 0}, "no tensors"),
    ],
)
def test_a_gguf_file_of_another_kind_is_refused(
    tmp_path: Path, fields: dict[str, str], options: dict[str, Any], words: str
) -> None:
    file = write_gguf(tmp_path / "a.gguf", fields=fields, **options)
    with pytest.raises(InvalidInput, match=words):
        check_source(str(file), file)


def test_chat_templates_are_found_in_all_their_forms(tmp_path: Path) -> None:
    assert read_template([{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]) == "d"
    assert read_template({"default": "d"}) == "d"
    assert read_template(None) is None
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "inside"}')
    assert find_template(tmp_path) == "inside"
    (tmp_path / "chat_template.jinja").write_text("file")
    assert find_template(tmp_path) == "file"
