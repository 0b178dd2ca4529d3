"""Objects and pages of Anthropic's API, for the paths under `/v1` that OpenAI's API also has.

A request of a client of Anthropic receives its models, files and errors in Anthropic's format.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from vong.api.openai.list_page import parse_limit
from vong.api.openai.requests import json_response
from vong.api.openai.responder import request_id_headers
from vong.errors import InvalidInput
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.gateway.providers import Endpoint

Handler = Callable[[Request], Awaitable[Response]]
ANTHROPIC_HEADERS = ("anthropic-version", "anthropic-beta")
"""Headers that only clients of Anthropic send."""
MESSAGES_PATH = "/v1/messages"
MAX_PAGE_SIZE = 1000
UNKNOWN_TIME = "1970-01-01T00:00:00Z"
"""Time that Anthropic uses if the release date of a model is unknown."""


class PageRequest(NamedTuple):
    """Requested page: at most `limit` objects after or before the object with an id."""

    limit: int
    after: str | None
    before: str | None


def uses_anthropic_format(headers: Mapping[str, str]) -> bool:
    """Return True if a client of Anthropic sent the request."""
    if any(name in headers for name in ANTHROPIC_HEADERS):
        return True
    return "x-api-key" in headers and headers.get("user-agent", "").lower().startswith("anthropic")


def find_error_format(path: str, headers: Mapping[str, str]) -> Endpoint:
    """Return the endpoint whose error format the response to a request has: that of its path, or of its client."""
    if path == MESSAGES_PATH or path.startswith(f"{MESSAGES_PATH}/"):
        return "messages"
    return ENDPOINT_PATHS.get(path) or ("messages" if uses_anthropic_format(headers) else "chat")


def choose_by_format(openai: Handler, anthropic: Handler) -> Handler:
    """Return a handler that calls the handler for the format of the client."""

    async def handle(request: Request) -> Response:
        return await (anthropic if uses_anthropic_format(request.headers) else openai)(request)

    return handle


def respond(content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response with a request id."""
    named = {name.decode(): value.decode() for name, value in request_id_headers("messages")}
    return json_response(content, {**named, **(headers or {})})


def parse_page_request(query: Mapping[str, str]) -> PageRequest:
    """Parse `limit`, `after_id` and `before_id`.

    Raises:
        InvalidInput: if the limit is out of range or both ids are set.
    """
    after, before = query.get("after_id") or None, query.get("before_id") or None
    if after and before:
        raise InvalidInput("after_id and before_id are both set", "send one of them")
    return PageRequest(parse_limit(query.get("limit", "20"), MAX_PAGE_SIZE), after, before)


def build_page(items: Sequence[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """Return a page of objects. `has_more` means that there are further ones in the requested direction."""
    ends = {"first_id": items[0]["id"], "last_id": items[-1]["id"]} if items else {"first_id": None, "last_id": None}
    return {"data": list(items), **ends, "has_more": has_more}


def select_page(items: Sequence[dict[str, Any]], page: PageRequest) -> dict[str, Any]:
    """Return a page of a complete list.

    Raises:
        InvalidInput: if the list has no object with the id after or before which the page is.
    """
    ids = [item["id"] for item in items]
    for name, id in (("after_id", page.after), ("before_id", page.before)):
        if id is not None and id not in ids:
            raise InvalidInput(f"{name} {id!r} does not exist", "send the first_id or last_id of another page")
    if page.before is not None:
        end = ids.index(page.before)
        return build_page(items[max(0, end - page.limit) : end], has_more=end > page.limit)
    start = ids.index(page.after) + 1 if page.after is not None else 0
    return build_page(items[start : start + page.limit], has_more=len(items) > start + page.limit)


def model_info(name: str) -> dict[str, Any]:
    """Return a model as Anthropic's model object. Vong knows neither its release date nor its limits."""
    unknown = ("capabilities", "deprecated_at", "line", "max_input_tokens", "max_tokens", "retires_at")
    named = {"type": "model", "id": name, "display_name": name, "created_at": UNKNOWN_TIME, "lifecycle": "active"}
    return {**named, **dict.fromkeys(unknown)}


def format_time(at: datetime | None) -> str | None:
    """Return a time in RFC 3339, or None."""
    return at.isoformat().replace("+00:00", "Z") if at else None
