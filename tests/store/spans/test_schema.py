"""Encoding of several spans in one call."""

import json
import os

import zstandard

from tests.traces.factories import span
from vong.records import new_id
from vong.store.spans import copy_format
from vong.store.spans.schema import LARGE_BODY_BYTES, build_partial_row, encode_rows

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
"""Magic number of zstd frames."""


def test_every_span_has_its_own_bodies_of_any_size() -> None:
    """Small bodies are compressed together, large ones separately. Some spans have no body."""
    inputs = ["one", os.urandom(LARGE_BODY_BYTES).hex(), None, "two", os.urandom(LARGE_BODY_BYTES).hex(), "three"]
    encoded = encode_rows(
        [build_partial_row(new_id(), span(input=text, output=None)) for text in inputs],
        zstandard.ZstdCompressor(level=1),
    )
    for text, partial_row in zip(inputs, encoded, strict=True):
        _, found, body = partial_row.row.partition(ZSTD_MAGIC)
        if text is None:
            assert not found
            assert partial_row.row.endswith(copy_format.NULL)
        else:
            assert json.loads(zstandard.ZstdDecompressor().decompress(ZSTD_MAGIC + body)) == {"input": text}
