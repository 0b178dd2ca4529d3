"""Rows of many spans made in one go."""

import json
import os

import zstandard

from tests.traces.spans import span
from vong.records import new_id
from vong.store.spans import copy_format
from vong.store.spans.schema import LARGE_BODY_BYTES, build_partial_row, encode_rows

FRAME = b"\x28\xb5\x2f\xfd"
"""How what zstd compressed begins."""


def test_every_span_keeps_its_own_bodies_whatever_their_size() -> None:
    """Small ones are compressed together, large ones alone, and some spans have none."""
    inputs = ["one", os.urandom(LARGE_BODY_BYTES).hex(), None, "two", os.urandom(LARGE_BODY_BYTES).hex(), "three"]
    made = encode_rows(
        [build_partial_row(new_id(), span(input=text, output=None)) for text in inputs],
        zstandard.ZstdCompressor(level=1),
    )
    for text, encoded in zip(inputs, made, strict=True):
        _, found, body = encoded.row.partition(FRAME)
        if text is None:
            assert not found
            assert encoded.row.endswith(copy_format.NULL)
        else:
            assert json.loads(zstandard.ZstdDecompressor().decompress(FRAME + body)) == {"input": text}
