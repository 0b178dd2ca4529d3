"""Upper bound of the usage of a call, which is reserved before the call is sent."""

from typing import NamedTuple

from vong.gateway.endpoints.parsing import RequestFields
from vong.gateway.pricing.token_types import ALWAYS_POSSIBLE, possible_types
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import VECTOR_ENDPOINTS
from vong.records import Usage
from vong.records.record import construct_trusted

DEFAULT_MAX_TOKENS = 4096
"""Output tokens of a request without max_tokens if a limit applies. The request is sent with this maximum."""
MAX_BOUND_TOKENS = 10**9
"""Largest number of output tokens of a bound. No call produces more, and larger amounts exceed what a quota stores."""
TOKENS_PER_ATTACHMENT = 20_000
"""Tokens of an image, an audio or a document, whose size in bytes does not bound its tokens. Large images cost a few
thousand tokens with every provider, documents a few thousand per page.
"""
ATTACHMENT_MARKERS = (
    b'"image_url"',
    b'"input_audio"',
    b'"file"',
    b'"image"',
    b'"document"',
    b'"input_image"',
    b'"input_file"',
)
FLAT_ENDPOINTS: frozenset[Endpoint] = frozenset({"chat", "completions", *VECTOR_ENDPOINTS})
"""Endpoints in which attachments, and fields that request other token types, are in lists within or beside the list of
messages and have a type.
"""
TYPE_MARKER = b'"type"'


class UsageBound(NamedTuple):
    """Upper bound of the usage of a call.

    `token_types` are the types that the tokens may have (`vong.gateway.pricing.token_types`). `max_tokens` is the value
    that the call is sent with, None for embeddings. A request may set several maximums, of which servers read different
    ones, so that the call is sent with the value that the bound counts.
    """

    input_tokens: int
    output_tokens: int
    max_tokens: int | None
    token_types: frozenset[str] = frozenset()

    def to_usage(self) -> Usage:
        """Return the bound as a usage."""
        values = {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": None,
            "cost": None,
        }
        return construct_trusted(Usage, values)


def estimate_usage_bound(endpoint: Endpoint, request: RequestFields, input_bound: int, body: bytes) -> UsageBound:
    """Return the upper bound of a request whose body and history have `input_bound` bytes.

    A token has at least one byte in every common vocabulary, and the JSON around the texts makes up for the words that
    a chat template adds. The bytes are therefore a bound for the input tokens.
    """
    if endpoint in FLAT_ENDPOINTS and body.count(b"[") <= 1 and TYPE_MARKER not in body:
        token_types = ALWAYS_POSSIBLE
    else:
        token_types = possible_types(body)
        input_bound += TOKENS_PER_ATTACHMENT * sum([body.count(part) for part in ATTACHMENT_MARKERS])
    if endpoint in VECTOR_ENDPOINTS:
        return UsageBound(input_bound, 0, None, token_types)
    max_tokens = min(request.largest_maximum or DEFAULT_MAX_TOKENS, MAX_BOUND_TOKENS)
    output_bound = min(max_tokens * request.choices, MAX_BOUND_TOKENS)
    return UsageBound(input_bound, output_bound, max_tokens, token_types)
