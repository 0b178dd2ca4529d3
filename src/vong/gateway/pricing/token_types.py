"""Kinds of tokens that have a price of their own beside plain input, output and cached input.

They are parts of the input's and of the output's count. A span keeps them in its attribute `vong.usage`.
"""

from collections.abc import Mapping
from typing import Any

ATTRIBUTE = "vong.usage"
INPUT = ("cache_write_1h", "cache_write", "input_audio", "input_image")
OUTPUT = ("reasoning", "output_audio", "output_image")
KINDS = (*INPUT, *OUTPUT)
CATALOGUE: Mapping[str, str] = {
    **{kind: f"{kind}_mtok" for kind in KINDS},
    "reasoning": "output_reasoning_mtok",
}
"""What the catalogue of published prices calls them."""
COUNTED: Mapping[str, Mapping[str, str]] = {
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
"""Where a usage object in OpenAI's form counts them. `cache_write_1h` is a part of `cache_write`."""
ASKED: Mapping[str, tuple[bytes, ...]] = {
    "cache_write": (b'"cache_control"',),
    "cache_write_1h": (b'"1h"',),
    "input_audio": (b'"input_audio"',),
    "input_image": (b'"image_url"', b'"image"', b'"input_image"'),
    "reasoning": (b"",),
    "output_audio": (b'"modalities"',),
    "output_image": (b'"modalities"',),
}
"""What a request holds that may use some, at the least."""
ALWAYS = frozenset(kind for kind, signs in ASKED.items() if b"" in signs)
"""The kinds that any request may use."""
_SIGNS = tuple((kind, sign) for kind, signs in ASKED.items() if kind not in ALWAYS for sign in signs)


def counted(usage: Any) -> dict[str, int]:
    """How many of each kind a usage object in OpenAI's form counts; those that it counts none of are left out."""
    found: dict[str, int] = {}
    if not isinstance(usage, dict):
        return found
    for place, names in COUNTED.items():
        details = usage.get(place)
        if details and isinstance(details, dict):
            for name, count in details.items():
                kind = names.get(name)
                if kind is not None and isinstance(count, int) and count > 0:
                    found[kind] = count
    return found


def possible(body: bytes) -> frozenset[str]:
    """The kinds that a request may use."""
    found = [kind for kind, sign in _SIGNS if sign in body]
    return ALWAYS.union(found) if found else ALWAYS
