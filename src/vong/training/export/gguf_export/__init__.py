"""Conversion of complete safetensors weights to GGUF files for llama.cpp and Ollama."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from vong.errors import MissingExtra, Unsupported
from vong.training.export.gguf_export.families import (
    ARCHITECTURES,
    check_family,
    head_size,
    read_rope,
    shift_norm,
    write_family,
)
from vong.training.export.gguf_export.quantization import (
    DEFAULT_LEVEL,
    LEVELS,
    check_level,
    choose_type,
    encoded_bytes,
    quantize,
)
from vong.training.export.gguf_export.vocabulary import write_vocabulary

__all__ = ["ARCHITECTURES", "DEFAULT_LEVEL", "LEVELS", "check_convertible", "check_level", "write_gguf"]


class SourceTensor(NamedTuple):
    """Tensor of the safetensors files: its GGUF name, its shape and the function that loads it as float32."""

    name: str
    shape: tuple[int, ...]
    load: Callable[[], Any]


def check_convertible(config: dict[str, Any]) -> str:
    """Return llama.cpp's name of the architecture of a `config.json`.

    Raises: Unsupported if it cannot be converted.
    """
    return check_family(config)


def write_gguf(
    folder: Path, target: Path, level: str = DEFAULT_LEVEL, report: Callable[[int, int, str], None] = lambda *_: None
) -> Path:
    """Write the weights, tokenizer and chat template of a folder to the GGUF file `target`, one tensor at a time.

    `report` receives finished tensors, their number and the name of the next one. The file appears when it is complete.

    Raises: Unsupported if llama.cpp has no equal architecture or tokenizer.
    """
    try:
        import gguf
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "gguf", "serving") from error
    level = check_level(level)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    architecture = check_convertible(config)
    partial = target.with_name(f".{target.name}.part")
    partial.unlink(missing_ok=True)
    writer: Any = gguf.GGUFWriter(partial, architecture)
    writer.add_name(target.stem)
    _write_parameters(writer, config, architecture)
    writer.add_file_type(LEVELS[level].file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    write_vocabulary(writer, folder, AutoTokenizer.from_pretrained(folder, local_files_only=True), config["vocab_size"])
    tensors = list(_read_tensors(folder, config, architecture))
    layers, tied = config["num_hidden_layers"], all(tensor.name != "output.weight" for tensor in tensors)
    types = {tensor.name: choose_type(level, tensor.name, tensor.shape, layers, tied=tied) for tensor in tensors}
    for tensor in tensors:
        kind = gguf.GGMLQuantizationType[types[tensor.name]]
        size = encoded_bytes(tensor.shape, kind.name)
        writer.add_tensor_info(tensor.name, tensor.shape, None, size, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for number, tensor in enumerate(tensors):
        report(number, len(tensors), tensor.name)
        writer.write_tensor_data(quantize(tensor.load(), types[tensor.name]))
    writer.close()
    partial.replace(target)
    return target


def _write_parameters(writer: Any, config: dict[str, Any], architecture: str) -> None:
    heads = config["num_attention_heads"]
    size = head_size(config)
    rope = read_rope(config)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta", 10_000.0))
    writer.add_vocab_size(config["vocab_size"])
    if architecture == "llama":
        writer.add_rope_dimension_count(size)
    write_family(writer, config, architecture)
    if rope.get("rope_type") == "linear":
        import gguf

        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def _read_tensors(folder: Path, config: dict[str, Any], architecture: str) -> Iterator[SourceTensor]:
    from safetensors import safe_open

    names = gguf_tensor_names(config, architecture)
    if read_rope(config).get("rope_type") == "llama3":
        factors = _llama3_factors(config)
        yield SourceTensor("rope_freqs.weight", (len(factors),), lambda: factors)
    for file in sorted(folder.glob("*.safetensors")):
        opened: Any = safe_open(file, framework="pt")
        for key in sorted(opened.keys()):
            if key.endswith("rotary_emb.inv_freq") or (key == "lm_head.weight" and ties_embeddings(config)):
                continue
            name = names.get_name(key, try_suffixes=(".weight", ".bias"))
            if name is None:
                raise Unsupported(f"the tensor {key!r} has no name in GGUF", "export with --format merged")
            shape = tuple(opened.get_slice(key).get_shape())
            yield SourceTensor(name, shape, _loader(opened, key, config, architecture))


def ties_embeddings(config: dict[str, Any]) -> bool:
    """Check if the output head has the weights of the input embedding, which Gemma's configurations do not say."""
    return bool(config.get("tie_word_embeddings", str(config.get("model_type", "")).startswith("gemma")))


def _loader(opened: Any, key: str, config: dict[str, Any], architecture: str) -> Callable[[], Any]:
    def load() -> Any:
        values = shift_norm(opened.get_tensor(key).float(), key, architecture)
        return reorder_rows(values, key, config, architecture).numpy()

    return load


def gguf_tensor_names(config: dict[str, Any], architecture: str) -> Any:
    """Return the map from the names of tensors in safetensors to those in GGUF."""
    import gguf

    kind = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    return gguf.get_tensor_name_map(kind, config["num_hidden_layers"])


def reorder_rows(values: Any, key: str, config: dict[str, Any], architecture: str) -> Any:
    """Return the weights of a tensor in llama.cpp's order of rows, which differs in queries and keys of Llama."""
    heads = config["num_attention_heads"]
    if architecture == "llama" and "q_proj" in key:
        return _interleave(values, heads)
    if architecture == "llama" and "k_proj" in key:
        return _interleave(values, config.get("num_key_value_heads") or heads)
    return values


def _interleave(values: Any, heads: int) -> Any:
    """Reorder the rows of each head for llama.cpp, which rotates neighbouring rows, not the two halves of a head."""
    size = values.shape[0] // heads
    rest = values.shape[1:]
    return values.reshape(heads, 2, size // 2, *rest).transpose(1, 2).reshape(heads * size, *rest)


def _llama3_factors(config: dict[str, Any]) -> Any:
    """Return the divisor of each frequency by the scaling of Llama 3.1."""
    import numpy as np

    rope = read_rope(config)
    size = head_size(config)
    low, high, factor = rope.get("low_freq_factor", 1.0), rope.get("high_freq_factor", 4.0), rope.get("factor", 8.0)
    length = rope.get("original_max_position_embeddings", 8192)
    factors: list[float] = []
    for index in range(0, size, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (index / size)
        share = min(1.0, max(0.0, (length / wavelength - low) / (high - low)))
        factors.append(1 / ((1 - share) / factor + share))
    return np.array(factors, dtype=np.float32)
