"""Quantization levels of GGUF files, and the quantization itself by llama.cpp's own code.

The package `xllamacpp` contains llama.cpp as a shared library without Python functions for quantization, so its C
function is called directly. The choice of the type per tensor follows the program `llama-quantize` without an
importance matrix.
"""

import ctypes
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from vong.errors import InvalidInput, MissingExtra, Unsupported


class GgufLevel(NamedTuple):
    """Quantization level: the type of most tensors, and the number that GGUF files store for the level."""

    type: str
    file_type: int


LEVELS: dict[str, GgufLevel] = {
    "f32": GgufLevel("F32", 0),
    "f16": GgufLevel("F16", 1),
    "bf16": GgufLevel("BF16", 32),
    "q8_0": GgufLevel("Q8_0", 7),
    "q6_k": GgufLevel("Q6_K", 18),
    "q5_k_m": GgufLevel("Q5_K", 17),
    "q5_0": GgufLevel("Q5_0", 8),
    "q4_k_m": GgufLevel("Q4_K", 15),
    "q4_0": GgufLevel("Q4_0", 2),
    "q3_k_m": GgufLevel("Q3_K", 12),
    "q2_k": GgufLevel("Q2_K", 10),
}
"""Levels by name, from exact to smallest."""

BITS_PER_WEIGHT = {
    "f32": 32.0,
    "f16": 16.0,
    "bf16": 16.0,
    "q8_0": 8.5,
    "q6_k": 6.6,
    "q5_k_m": 5.7,
    "q5_0": 5.6,
    "q4_k_m": 4.9,
    "q4_0": 4.6,
    "q3_k_m": 3.9,
    "q2_k": 3.4,
}
"""Mean size of a weight, to plan the memory of a model before its conversion. Small models need more."""

DEFAULT_LEVEL = "q8_0"
FLOAT_TYPES = {"F32", "F16", "BF16"}

FALLBACKS = {
    "Q2_K": "IQ4_NL",
    "Q3_K": "IQ4_NL",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
"""Types for tensors whose rows are no multiple of the block size of 256 values."""

LARGER_TYPES = {
    "q5_k_m": {"attn_v": "Q6_K", "ffn_down": "Q6_K"},
    "q4_k_m": {"attn_v": "Q6_K", "ffn_down": "Q6_K"},
    "q3_k_m": {"attn_v": "Q4_K", "ffn_down": "Q4_K", "attn_output": "Q4_K"},
    "q2_k": {"attn_v": "Q3_K", "ffn_down": "Q3_K", "attn_output": "Q3_K"},
}
"""Types of the tensors that need more precision. In the levels `_m` of 4 and 5 bits half of the layers use them."""


def check_level(level: str) -> str:
    """Return the level in lower case.

    Raises: InvalidInput if there is no such level.
    """
    if level.lower() not in LEVELS:
        raise InvalidInput(f"no GGUF quantization {level!r}", f"choose one of: {', '.join(LEVELS)}")
    return level.lower()


def choose_type(level: str, name: str, shape: tuple[int, ...], layers: int, *, tied: bool) -> str:
    """Return the type of a tensor. Vectors stay F32; the output matrix of a K-quant has six bits or more.

    `tied` states that the output matrix is the embedding matrix.
    """
    if len(shape) == 1:
        return "F32"
    kind = LEVELS[level].type
    if kind in FLOAT_TYPES:
        return kind
    if (name == "output.weight" or (tied and name == "token_embd.weight")) and kind != "Q8_0":
        kind = "Q6_K"
    elif name.startswith("blk."):
        layer, tensor = int(name.split(".")[1]), name.split(".")[2]
        larger = LARGER_TYPES.get(level, {}).get(tensor)
        if larger and (level in {"q3_k_m", "q2_k"} or _needs_more_bits(layer, layers)):
            kind = larger
    if shape[-1] % _block_size(kind):
        kind = FALLBACKS.get(kind, kind)
    return kind if shape[-1] % _block_size(kind) == 0 else "F16"


def quantize(values: Any, kind: str) -> Any:
    """Return the bytes of a float32 matrix in a type, computed by llama.cpp."""
    import gguf
    import numpy as np

    values = np.ascontiguousarray(values, dtype=np.float32)
    type_ = gguf.GGMLQuantizationType[kind]
    if kind in FLOAT_TYPES:
        return gguf.quantize(values, type_)
    block, size = gguf.GGML_QUANT_SIZES[type_]
    rows = values.reshape(-1, values.shape[-1])
    output = np.zeros((*values.shape[:-1], values.shape[-1] // block * size), dtype=np.uint8)
    library = _load_library()
    library.ggml_quantize_init(type_.value)
    written = library.ggml_quantize_chunk(
        type_.value, rows.ctypes.data, output.ctypes.data, 0, rows.shape[0], rows.shape[1], None
    )
    if written != output.nbytes:
        raise Unsupported(f"llama.cpp wrote {written} bytes of {kind} instead of {output.nbytes}", "use q8_0 or f16")
    return output


def encoded_bytes(shape: tuple[int, ...], kind: str) -> int:
    """Return the size of a tensor of this shape and type."""
    import gguf

    count = 1
    for size in shape:
        count *= size
    block, block_bytes = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    return count // block * block_bytes


def _needs_more_bits(layer: int, layers: int) -> bool:
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def _block_size(kind: str) -> int:
    import gguf

    return gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]][0]


@cache
def _load_library() -> Any:
    try:
        module: Any = import_module("xllamacpp.xllamacpp")
    except ImportError as error:
        raise MissingExtra("xllamacpp", "serving") from error
    library = ctypes.CDLL(module.__file__)
    try:
        function = library.ggml_quantize_chunk
    except AttributeError as error:
        message = "the installed xllamacpp does not export llama.cpp's quantization"
        raise Unsupported(message, "export f16, or install the version of xllamacpp in constraints.txt") from error
    function.restype = ctypes.c_size_t
    number, pointer = ctypes.c_int64, ctypes.c_void_p
    function.argtypes = [ctypes.c_int, pointer, pointer, number, number, number, pointer]
    return library
