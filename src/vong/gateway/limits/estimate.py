"""How much a call may use at the worst: what is reserved before it is sent."""

from typing import NamedTuple

from vong.gateway.endpoints.parsing import RequestFields
from vong.gateway.pricing.token_types import ALWAYS, possible
from vong.gateway.providers import Shape
from vong.records import Usage
from vong.records.record import known

ANSWER = 4096
"""Tokens of an answer where the caller set no end and a limit holds: the call is sent with this end."""
PART = 20_000
"""Tokens of an image, a sound or a document, whose bytes say nothing of its tokens. Large images cost some thousands
with every provider, documents some thousands for each page.
"""
PARTS = (b'"image_url"', b'"input_audio"', b'"file"', b'"image"', b'"document"', b'"input_image"', b'"input_file"')
FLAT: frozenset[Shape] = frozenset({"chat", "completions", "embeddings"})
"""Shapes in which parts, and what asks for other kinds of tokens, lie in lists within the list of messages or beside
it, and each has its type.
"""
TYPED = b'"type"'


class WorstCaseUsage(NamedTuple):
    """Tokens read and made at the most, and the kinds that they may be of (`vong.gateway.pricing.token_types`). `cap` is the end that
    the call is sent with, None where it has its own.
    """

    read: int
    made: int
    cap: int | None
    kinds: frozenset[str] = frozenset()

    def usage(self) -> Usage:
        """As if it had been used."""
        values = {"input_tokens": self.read, "output_tokens": self.made, "cached_tokens": None, "cost": None}
        return known(Usage, values)


def worst(shape: Shape, asked: RequestFields, read: int, body: bytes) -> WorstCaseUsage:
    """Of a request of `read` bytes with what it follows. A token is a byte or more in every common vocabulary, and the
    JSON around the text makes up for the words that a chat template adds; so the bytes bound what is read.
    """
    if shape in FLAT and body.count(b"[") <= 1 and TYPED not in body:
        kinds = ALWAYS
    else:
        kinds = possible(body)
        read += PART * sum([body.count(part) for part in PARTS])
    if shape == "embeddings":
        return WorstCaseUsage(read, 0, None, kinds)
    most = asked.max_completion_tokens or asked.max_tokens
    return WorstCaseUsage(read, max(most or ANSWER, 0) * max(asked.n or 1, 1), None if most else ANSWER, kinds)
