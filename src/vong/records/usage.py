"""What a call consumed."""

from vong.records.record import Record

MOST_TOKENS = 10**12
"""More than any call uses. Counts above it are a mistake of somebody's, and would spoil every sum that they are in."""


class Usage(Record):
    """Tokens as the model that bills them counts them; `cost` in millionths of a US dollar, null where the price
    is unknown (never 0 for unknown).
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost: int | None = None
