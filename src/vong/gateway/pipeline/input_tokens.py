"""Input tokens of a responses request: the conversation that it sends, as a messages request that can be counted."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from vong.errors import InvalidInput, NotFound
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.responses import ResponsesEndpoint, is_vong_response
from vong.gateway.translators.anthropic_request import to_anthropic_request
from vong.gateway.translators.content import MALFORMED_ERRORS

EXAMPLE_HINT = "see docs/guides/gateway.md for an example"
COUNTED_FIELDS = ("model", "messages", "tools")
"""Fields of a chat whose texts a model reads."""
LoadHistory = Callable[[str], Awaitable[list[dict[str, Any]]]]


async def to_countable_request(body: bytes, load_history: LoadHistory) -> bytes:
    """Return the conversation of a responses request as a messages request.

    Raises:
        InvalidInput: the body is no responses request.
        PreviousResponseNotFound: the request continues an unknown response.
    """
    check_max_depth(body)
    try:
        request = msgspec.json.decode(body, type=dict[str, Any])
        if not isinstance(request.get("model"), str):
            raise InvalidInput("model is missing", "list the available models with: vong gateway models")
        chat = ResponsesEndpoint().to_chat({"input": "", **request})
        previous = request.get("previous_response_id")
        history = await load_history(str(previous)) if is_vong_response(previous) else []
        start = 1 if request.get("instructions") else 0
        chat["messages"] = [*chat["messages"][:start], *history, *chat["messages"][start:]]
        counted = to_anthropic_request({name: chat[name] for name in COUNTED_FIELDS if name in chat})
    except (InvalidInput, NotFound):
        raise
    except MALFORMED_ERRORS as error:
        raise InvalidInput(f"invalid responses request: {error!r}", EXAMPLE_HINT) from error
    counted.pop("max_tokens", None)
    return msgspec.json.encode(counted)
