"""Writer of ONNX models: the few fields of its protocol buffers that a network of known operators needs.

The format is that of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers below).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IR_VERSION = 9
OPSETS = {"": 17, "com.microsoft": 1}
FLOAT, INT8, INT32 = 1, 3, 6
DATA_TYPES = {"float32": FLOAT, "int8": INT8, "int32": INT32}
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS = 1, 2, 7


class GraphBuilder:
    """Builder of a model: add weights and nodes, then encode it."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def add_input(self, name: str, data_type: int, shape: Sequence[str | int]) -> str:
        """Add an input of the model. A text in the shape names a variable dimension."""
        self._inputs.append(_value_info(name, data_type, shape))
        return name

    def add_output(self, name: str, data_type: int, shape: Sequence[str | int]) -> None:
        """Make a result of a node an output of the model."""
        self._outputs.append(_value_info(name, data_type, shape))

    def add_weight(self, name: str, value: "NDArray[np.generic]") -> str:
        """Add a constant tensor."""
        dims = b"".join(_varint_field(1, size) for size in value.shape)
        content = dims + _varint_field(2, DATA_TYPES[value.dtype.name]) + _bytes_field(8, name.encode())
        self._weights.append(content + _bytes_field(9, value.tobytes()))
        return name

    def add_node(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = "",
        **attributes: float | Sequence[int],
    ) -> str:
        """Add a node and return its first output."""
        content = b"".join(_bytes_field(1, name.encode()) for name in inputs)
        content += b"".join(_bytes_field(2, name.encode()) for name in outputs)
        content += _bytes_field(4, operator.encode())
        content += b"".join(_bytes_field(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(content + _bytes_field(7, domain.encode()))
        return outputs[0]

    def encode(self) -> bytes:
        """Return the model in the ONNX format."""
        graph = b"".join(_bytes_field(1, node) for node in self._nodes) + _bytes_field(2, b"graph")
        graph += b"".join(_bytes_field(5, weight) for weight in self._weights)
        graph += b"".join(_bytes_field(11, value) for value in self._inputs)
        graph += b"".join(_bytes_field(12, value) for value in self._outputs)
        opsets = b"".join(
            _bytes_field(8, _bytes_field(1, domain.encode()) + _varint_field(2, version))
            for domain, version in OPSETS.items()
        )
        return _varint_field(1, IR_VERSION) + _bytes_field(7, graph) + opsets


def _value_info(name: str, data_type: int, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(
        _bytes_field(1, _varint_field(1, size) if isinstance(size, int) else _bytes_field(2, size.encode()))
        for size in shape
    )
    tensor = _varint_field(1, data_type) + _bytes_field(2, dims)
    return _bytes_field(1, name.encode()) + _bytes_field(2, _bytes_field(1, tensor))


def _attribute(name: str, value: float | Sequence[int]) -> bytes:
    import struct

    content = _bytes_field(1, name.encode())
    if isinstance(value, int):
        return content + _varint_field(3, value) + _varint_field(20, ATTRIBUTE_INT)
    if isinstance(value, float):
        return content + bytes([2 << 3 | 5]) + struct.pack("<f", value) + _varint_field(20, ATTRIBUTE_FLOAT)
    return content + b"".join(_varint_field(8, item) for item in value) + _varint_field(20, ATTRIBUTE_INTS)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes_field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
