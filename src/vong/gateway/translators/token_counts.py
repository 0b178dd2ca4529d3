"""Token counts of usage objects, in every spelling that servers use."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.records.usage import MAX_TOKENS


class TokenCounts(NamedTuple):
    """Token counts of a call; None is unknown. The cached tokens are a part of the input."""

    input: int | None
    output: int | None
    cached: int | None


def token_count(value: Any) -> int | None:
    """Return a number of tokens, also if it is written as 12.0 or "12"; None if it is no valid count."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_TOKENS else None


def read_counts(usage: Any) -> TokenCounts:
    """Return the counts of the usage of a chat. A missing count follows from the total if the total is known."""
    fields = as_fields(usage)
    input_tokens = first_count(fields, "prompt_tokens", "input_tokens")
    output_tokens = first_count(fields, "completion_tokens", "output_tokens")
    total = token_count(fields.get("total_tokens"))
    if total is not None and input_tokens is None and output_tokens is not None:
        input_tokens = token_count(total - output_tokens)
    elif total is not None and output_tokens is None and input_tokens is not None:
        output_tokens = token_count(total - input_tokens)
    details = as_fields(fields.get("prompt_tokens_details") or fields.get("input_tokens_details"))
    cached = first_count(details, "cached_tokens")
    if cached is None:
        cached = first_count(fields, "prompt_cache_hit_tokens", "cached_tokens")
    return TokenCounts(input_tokens, output_tokens, cached)


def find_usage(chunk: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the usage of a completion or chunk, also from the places where some servers put it."""
    usage = chunk.get("usage")
    if isinstance(usage, dict) and usage:
        return usage
    choices = chunk.get("choices")
    holders = [chunk.get("x_groq"), *(choices if isinstance(choices, list) else ())]
    return next((found for holder in holders if (found := as_fields(as_fields(holder).get("usage")))), None)


def first_count(fields: Mapping[str, Any], *names: str) -> int | None:
    """Return the first valid count among the fields with these names."""
    counts = (token_count(fields.get(name)) for name in names)
    return next((count for count in counts if count is not None), None)


def as_fields(value: Any) -> dict[str, Any]:
    """Return a JSON object, or an empty one if the value is of another type."""
    return value if isinstance(value, dict) else {}
