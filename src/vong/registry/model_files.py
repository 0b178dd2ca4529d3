"""Checks of the files of a model before they are registered. Requires neither torch nor transformers.

Each check raises InvalidInput with the reason and the next step, so that a folder that is no model is refused when it
is imported, and not when it is trained or served.
"""

import json
import struct
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput
from vong.registry.gguf_files import check_gguf

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
"""Files of which a tokenizer has at least one."""

PICKLED_WEIGHTS = (".bin", ".pt", ".pth", ".ckpt")
"""Endings of weights that are Python pickles, which may run code when they are loaded."""

MAX_HEADER_BYTES = 100_000_000
"""Largest header of a safetensors file, as in its reference implementation."""

DTYPE_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""Bits of a value by the names of types in safetensors files."""

CONFIG_DTYPES = {"float64", "float32", "float16", "bfloat16", "auto"}
"""Types that `config.json` may name for weights that are not quantized."""


def check_model_source(path: Path) -> None:
    """Check that a path is a model: a GGUF file, or a folder with configuration, tokenizer and safetensors.

    Raises:
        InvalidInput: The path is no complete model.
    """
    if path.is_dir():
        check_model_folder(path)
    elif path.suffix == ".gguf":
        check_gguf(path)
    else:
        raise InvalidInput(
            f"{path.name!r} is not a model: it is a file, but not a .gguf file",
            "choose a .gguf file, or a folder with config.json, a tokenizer and safetensors",
        )


def check_model_folder(folder: Path) -> None:
    """Check the files of a folder with a model in safetensors.

    Raises:
        InvalidInput: A file is missing or damaged.
    """
    names = sorted(file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    weights = [name for name in names if name.endswith(".safetensors")]
    if "config.json" not in names:
        raise InvalidInput(f"the folder {folder.name!r} has no config.json: {_describe(names)}", _folder_hint(names))
    config = read_json_object(folder / "config.json")
    check_config(config)
    if not weights:
        pickled = [name for name in names if name.endswith(PICKLED_WEIGHTS)]
        if pickled:
            raise InvalidInput(
                f"the folder {folder.name!r} has its weights in {pickled[0]}, a Python pickle, which may run code",
                "convert it to safetensors: load it by transformers and call save_pretrained",
            )
        raise InvalidInput(
            f"the folder {folder.name!r} has no weights: {_describe(names)}", "add the *.safetensors files of the model"
        )
    check_shards(folder, weights)
    for name in weights:
        check_safetensors(folder / name)
    if not any(name in TOKENIZER_FILES or name.endswith(".tiktoken") for name in names):
        raise InvalidInput(
            f"the folder {folder.name!r} has no tokenizer: {_describe(names)}", "add tokenizer.json of the model"
        )
    if "tokenizer.json" in names:
        read_json_object(folder / "tokenizer.json")


def check_config(config: dict[str, Any]) -> None:
    """Check the fields of `config.json` that every model has.

    Raises:
        InvalidInput: The architecture is missing, or the type of the weights is not one of numbers.
    """
    if not isinstance(config.get("model_type"), str):
        raise InvalidInput(
            "config.json has no model_type, the name of an architecture", "use the model's own config.json"
        )
    dtype = config.get("dtype", config.get("torch_dtype"))
    if dtype is None or config.get("quantization_config"):
        return
    if str(dtype).removeprefix("torch.") not in CONFIG_DTYPES:
        raise InvalidInput(
            f"config.json has the dtype {dtype!r}, which is none of {', '.join(sorted(CONFIG_DTYPES))}",
            "set dtype in config.json to the type of the weights",
        )


def check_shards(folder: Path, weights: list[str]) -> None:
    """Check that all files that the index of the weights names are there."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    named = read_json_object(index).get("weight_map")
    missing = sorted({str(name) for name in named.values()} - set(weights)) if isinstance(named, dict) else []
    if missing:
        raise InvalidInput(
            f"the folder {folder.name!r} lacks {len(missing)} files of the weights (first: {missing[0]})",
            "copy or download the whole model again",
        )


def check_safetensors(file: Path) -> None:
    """Check that a file is complete: its header, and that the tensors in it fill the file exactly.

    Raises:
        InvalidInput: The file is no safetensors file, or it is cut off.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        if start.startswith(b"version "):
            raise InvalidInput(
                f"{file.name} is a pointer of Git LFS, not the weights", "download them with: git lfs pull"
            )
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= MAX_HEADER_BYTES or length > size - 8:
            raise InvalidInput(
                f"{file.name} ({size} bytes) is not a safetensors file, or it is cut off", "copy or download it again"
            )
        text = stream.read(length)
    try:
        header = json.loads(text)
        tensors = {name: value for name, value in header.items() if name != "__metadata__"}
        end = max((int(tensor["data_offsets"][1]) for tensor in tensors.values()), default=0)
        unknown = sorted({str(tensor["dtype"]) for tensor in tensors.values()} - set(DTYPE_BITS))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"the header of {file.name} is damaged: {error}", "copy or download it again") from error
    if not tensors:
        raise InvalidInput(f"{file.name} has no tensors", "copy or download it again")
    if unknown:
        raise InvalidInput(f"{file.name} has tensors of the unknown type {unknown[0]}", "convert them to F32 or BF16")
    expected = 8 + length + end
    if size != expected:
        raise InvalidInput(
            f"{file.name} has {size} bytes, but its header describes {expected}: it is cut off or damaged",
            "copy or download it again",
        )


def read_json_object(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        InvalidInput: The file has no JSON object.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{file.name} is not JSON: {str(error)[:200]}", "copy or download it again") from error
    if not isinstance(values, dict):
        raise InvalidInput(f"{file.name} is not a JSON object", "copy or download it again")
    return values


def read_template(value: Any) -> str | None:
    """Return the default template of the field `chat_template` in a tokenizer_config.json: text, or named templates."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        value = {one.get("name"): one.get("template") for one in value if isinstance(one, dict)}
    found = value.get("default") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def find_template(folder: Path) -> str | None:
    """Return the chat template of a folder: its file, or the field of its tokenizer's configuration."""
    file, config = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return read_template(read_json_object(config).get("chat_template")) if config.is_file() else None


def _describe(names: list[str]) -> str:
    return f"it has {len(names)} other files" if names else "it is empty"


def _folder_hint(names: list[str]) -> str:
    if "adapter_config.json" in names:
        return "this is an adapter: merge it into its base first, and import the result"
    gguf = [name for name in names if name.endswith(".gguf")]
    if gguf:
        return f"import the file: vong registry import {gguf[0]} --name NAME"
    return "choose a folder with config.json, a tokenizer and safetensors, or a .gguf file"
