"""Pages of lists in OpenAI's format."""

from collections.abc import Sequence
from typing import Any

from vong.errors import InvalidInput


def parse_limit(text: str, maximum: int) -> int:
    """Return the page size of a request.

    Raises:
        InvalidInput: if it is not a number from 1 to the maximum.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= maximum):
        raise InvalidInput(f"limit {text!r} is invalid", f"use a number from 1 to {maximum}")
    return int(text)


def build_page(items: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the first `limit` items as a list object. More items than `limit` mean that there is another page."""
    page = list(items[:limit])
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
    return {"object": "list", "data": page, **ends, "has_more": len(items) > limit}
