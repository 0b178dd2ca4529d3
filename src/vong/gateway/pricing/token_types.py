"""Token types with a price of their own, in addition to plain input, output and cached input.

These tokens are part of the input or output tokens. A span stores them in its attribute `vong.usage`.
"""

from collections.abc import Mapping
from typing import Any

from vong.gateway.translators.token_counts import token_count

USAGE_ATTRIBUTE = "vong.usage"
INPUT_TYPES = ("cache_write_1h", "cache_write", "input_audio", "input_image")
OUTPUT_TYPES = ("reasoning", "output_audio", "output_image")
TOKEN_TYPES = (*INPUT_TYPES, *OUTPUT_TYPES)
CATALOG_NAMES: Mapping[str, str] = {
    **{kind: f"{kind}_mtok" for kind in TOKEN_TYPES},
    "reasoning": "output_reasoning_mtok",
}
"""Names of the token types in the price catalog."""
USAGE_DETAIL_FIELDS: Mapping[str, Mapping[str, str]] = {
    "prompt_tokens_details": {
        "cache_write_tokens": "cache_write",
        "cache_write_1h_tokens": "cache_write_1h",
        "audio_tokens": "input_audio",
        "image_tokens": "input_image",
    },
    "completion_tokens_details": {
        "reasoning_tokens": "reasoning",
        "audio_tokens": "output_audio",
        "image_tokens": "output_image",
    },
}
"""Fields of an OpenAI usage object that count them. `cache_write_1h` is part of `cache_write`."""
REQUEST_MARKERS: Mapping[str, tuple[bytes, ...]] = {
    "cache_write": (b'"cache_control"',),
    "cache_write_1h": (b'"1h"',),
    "input_audio": (b'"input_audio"',),
    "input_image": (b'"image_url"', b'"image"', b'"input_image"'),
    "reasoning": (b"",),
    "output_audio": (b'"modalities"',),
    "output_image": (b'"modalities"',),
}
"""Text that a request must contain to use a token type."""
ALWAYS_POSSIBLE = frozenset(kind for kind, signs in REQUEST_MARKERS.items() if b"" in signs)
"""Token types that any request may use."""
_MARKERS = tuple(
    (kind, sign) for kind, signs in REQUEST_MARKERS.items() if kind not in ALWAYS_POSSIBLE for sign in signs
)


def used_types(usage: Any) -> dict[str, int]:
    """Return the token types that an OpenAI usage object counts, without zeros."""
    used: dict[str, int] = {}
    if not isinstance(usage, dict):
        return used
    for field, names in USAGE_DETAIL_FIELDS.items():
        details = usage.get(field)
        if details and isinstance(details, dict):
            for name, count in details.items():
                token_type = names.get(name)
                tokens = token_count(count) if token_type is not None else None
                if token_type is not None and tokens:
                    used[token_type] = tokens
    return used


def possible_types(body: bytes) -> frozenset[str]:
    """Return the token types that a request may use."""
    found = [token_type for token_type, sign in _MARKERS if sign in body]
    return ALWAYS_POSSIBLE.union(found) if found else ALWAYS_POSSIBLE
