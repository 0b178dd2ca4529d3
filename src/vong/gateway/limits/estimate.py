"""Upper bound of the usage of a call, which is reserved before the call is sent."""

from typing import NamedTuple

from vong.gateway.endpoints.parsing import RequestFields
from vong.gateway.pricing.token_types import ALWAYS, possible
from vong.gateway.providers import Shape
from vong.records import Usage
from vong.records.record import known

ANSWER = 4096
"""Output tokens of a request without max_tokens if a limit applies. The request is sent with this maximum."""
PART = 20_000
"""Tokens of an image, an audio or a document, whose size in bytes does not bound its tokens. Large images cost a few
thousand tokens with every provider, documents a few thousand per page.
"""
PARTS = (b'"image_url"', b'"input_audio"', b'"file"', b'"image"', b'"document"', b'"input_image"', b'"input_file"')
FLAT: frozenset[Shape] = frozenset({"chat", "completions", "embeddings"})
"""Endpoints in which attachments, and fields that request other token types, are in lists within or beside the list of
messages and have a type.
"""
TYPED = b'"type"'


class WorstCaseUsage(NamedTuple):
    """Upper bound of the usage of a call.

    `token_types` are the types that the tokens may have (`vong.gateway.pricing.token_types`). `max_tokens` is the value
    that the call is sent with, None if the request has its own.
    """

    read: int
    made: int
    cap: int | None
    kinds: frozenset[str] = frozenset()

    def usage(self) -> Usage:
        """Return the bound as a usage."""
        values = {"input_tokens": self.read, "output_tokens": self.made, "cached_tokens": None, "cost": None}
        return known(Usage, values)


def worst(endpoint: Shape, request: RequestFields, input_bound: int, body: bytes) -> WorstCaseUsage:
    """Return the upper bound of a request whose body and history have `input_bound` bytes.

    A token has at least one byte in every common vocabulary, and the JSON around the texts makes up for the words that
    a chat template adds. The bytes are therefore a bound for the input tokens.
    """
    if endpoint in FLAT and body.count(b"[") <= 1 and TYPED not in body:
        token_types = ALWAYS
    else:
        token_types = possible(body)
        input_bound += PART * sum([body.count(part) for part in PARTS])
    if endpoint == "embeddings":
        return WorstCaseUsage(input_bound, 0, None, token_types)
    max_tokens = request.max_completion_tokens or request.max_tokens
    return WorstCaseUsage(
        input_bound, max(max_tokens or ANSWER, 0) * max(request.n or 1, 1), None if max_tokens else ANSWER, token_types
    )
