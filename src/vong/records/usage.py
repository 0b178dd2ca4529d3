"""Usage of a call."""

from vong.records.record import Record

MAX_TOKENS = 10**12
"""Upper bound of the tokens of a call. Larger counts are errors and would make every sum useless."""


SUMMED_FIELDS = ("input_tokens", "output_tokens", "cost")
"""Fields of `Usage` that reports sum. Cached tokens are a part of the input tokens."""


class Usage(Record):
    """Tokens, as counted by the billed model, and cost.

    `cost` is in millionths of a US dollar; null, never 0, if the price is unknown.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost: int | None = None
