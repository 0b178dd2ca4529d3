"""Check of what a response with a status of success contains.

Some APIs and proxies report an error with the status 200: as an error object, within the first choice, without choices,
or as a page. Such a response is a failure like one with an error status, and the caller receives the words of the
upstream.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import msgspec

from vong.gateway.providers.base import Endpoint

MAX_WORDS_CHARS = 500
DEFAULT_STATUS = 502
STATUS_FIELDS = ("code", "status", "status_code", "statusCode", "http_status", "error_code")
"""Fields that may hold the status of an error."""
TYPE_FIELDS = ("type", "code", "status", "__type")
STATUSES: Mapping[str, int] = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "insufficient_quota": 429,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "billing_error": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "overloaded_error": 529,
    "unavailable": 503,
    "timeout_error": 504,
    "deadline_exceeded": 504,
}
"""Statuses by the type or code of an error, of those that another attempt or target may resolve."""
WORD_FIELDS = (
    *("message", "Message", "msg", "detail", "error_description", "error_message", "error_msg", "error", "reason"),
)
"""Fields that may hold the words of an error, in order of preference."""
ERROR_FIELDS = ("error", "errors")
TAG_PATTERN = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)
TEXT_OPERATIONS = ("audio/transcriptions", "audio/translations")
TEXT_FIELDS = ("text", "segments")
"""Fields of a transcript."""
RESPONSE_IN_PROGRESS = ("queued", "in_progress")


class UpstreamError(NamedTuple):
    """Error that an upstream reported with the status 200, as status and OpenAI's error object."""

    status: int
    error: dict[str, Any]


def find_error(decoded: Any, format: Endpoint | None) -> UpstreamError | None:
    """Return the error of a successful response, or None if it has the content of its format.

    `format` is None if only an error object counts.
    """
    if not isinstance(decoded, dict):
        return UpstreamError(DEFAULT_STATUS, _error(f"the upstream did not answer with an object: {words_of(decoded)}"))
    fields = cast(dict[str, Any], decoded)
    error = next((fields[name] for name in ERROR_FIELDS if _has_content(fields.get(name))), None)
    if not error and (fields.get("type") == "error" or fields.get("object") == "error"):
        error = {name: value for name, value in fields.items() if name not in ("type", "object")}
    if not error and format == "responses" and fields.get("status") == "failed":
        error = {"message": "the response failed"}
    if error:
        return to_error(error, fields)
    problem = _CHECKS[format](fields) if format is not None else None
    if problem is None or isinstance(problem, UpstreamError):
        return problem
    said = words_of(fields) if any(fields.get(name) for name in WORD_FIELDS) else ""
    return UpstreamError(_status({}, fields), _error(f"the upstream answered {problem}{f': {said}' if said else ''}"))


def find_media_error(body: bytes, content_type: str, operation: str) -> UpstreamError | None:
    """Return the error of a successful response to a call with audio or images, or None if it has a result.

    Only JSON and pages are read: audio and plain text have no place for an error.
    """
    if content_type.startswith("text/html"):
        return UpstreamError(DEFAULT_STATUS, _error(f"the upstream answered with a page: {excerpt(body)}"))
    if not content_type.startswith("application/json"):
        return None
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UpstreamError(DEFAULT_STATUS, _error(f"the upstream did not answer with JSON: {excerpt(body)}"))
    if (found := find_error(decoded, None)) is not None:
        return found
    problem = None
    if operation.startswith("images/") and not decoded.get("data"):
        problem = "without images"
    elif operation in TEXT_OPERATIONS and not any(isinstance(decoded.get(name), str | list) for name in TEXT_FIELDS):
        problem = "without a text"
    if problem is None:
        return None
    said = words_of(decoded) if any(decoded.get(name) for name in WORD_FIELDS) else ""
    return UpstreamError(_status({}, decoded), _error(f"the upstream answered {problem}{f': {said}' if said else ''}"))


def to_error(error: Any, fields: Mapping[str, Any] | None = None) -> UpstreamError:
    """Return an error that an upstream reported in any form. `fields` are those of the object around it."""
    found: Any = error[0] if isinstance(error, list) and error else error
    details: dict[str, Any] = found if isinstance(found, dict) else {}
    return UpstreamError(_status(details, fields or {}), {**_error(""), **details, "message": words_of(found, fields)})


def words_of(value: Any, fields: Mapping[str, Any] | None = None) -> str:
    """Return the words of an error in any form, shortened: its message, else its text, else its JSON."""
    for source in (value, fields):
        if isinstance(source, dict):
            for name in WORD_FIELDS:
                if isinstance(source.get(name), (str, dict, list)) and source[name]:
                    return words_of(source[name])
        elif isinstance(source, list) and source:
            return words_of(source[0])
        elif isinstance(source, str) and source.strip():
            return _plain_text(source)
    return msgspec.json.encode(value).decode()[:MAX_WORDS_CHARS]


def excerpt(body: bytes) -> str:
    """Return the beginning of a body that is not JSON, without the tags of a page, for an error message."""
    return _plain_text(body[: 20 * MAX_WORDS_CHARS].decode("utf-8", "replace")) or "an empty body"


def _has_content(error: Any) -> bool:
    """Return True unless an error is empty. Some APIs always send the field, with nothing in it."""
    return any(error.values()) if isinstance(error, dict) else bool(error)


def _plain_text(text: str) -> str:
    if text.lstrip()[:1] == "<":
        text = TAG_PATTERN.sub(" ", text)
    return " ".join(text.split())[:MAX_WORDS_CHARS]


def _error(message: str) -> dict[str, Any]:
    return {"message": message, "type": "upstream_error", "param": None, "code": None}


def _status(error: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
    """Return the status that an error names, else that of its type, else 502."""
    for source in (error, fields):
        for name in STATUS_FIELDS:
            text = str(source.get(name))
            if text.isdecimal() and 400 <= int(text) < 600:
                return int(text)
    named = (str(source.get(name)).lower() for source in (error, fields) for name in TYPE_FIELDS)
    return next((STATUSES[name] for name in named if name in STATUSES), DEFAULT_STATUS)


def _check_chat(fields: Mapping[str, Any]) -> UpstreamError | str | None:
    choices = fields.get("choices")
    if not isinstance(choices, list) or not choices:
        return "without choices"
    first: Any = choices[0]
    if not isinstance(first, dict):
        return "with an invalid choice"
    if _has_content(first.get("error")):
        return to_error(first["error"], fields)
    message = first.get("message", first.get("delta"))
    if first.get("finish_reason") != "error":
        return None if isinstance(message, dict) or _has_text(first) else "with an empty choice"
    said = (message.get("content") if isinstance(message, dict) else None) or first.get("native_finish_reason")
    return to_error({"message": f"the answer ended with an error{f': {words_of(said)}' if said else ''}"}, fields)


def _has_text(choice: Mapping[str, Any]) -> bool:
    """Return True for the choice of a text completion. One that has ended may have null for no text."""
    return isinstance(choice.get("text"), str) or ("text" in choice and bool(choice.get("finish_reason")))


def _check_embeddings(fields: Mapping[str, Any]) -> str | None:
    data = fields.get("data")
    if not isinstance(data, list) or not data:
        return "without embeddings"
    return None if all(isinstance(item, dict) and item.get("embedding") for item in data) else "with an empty embedding"


def _check_rerank(fields: Mapping[str, Any]) -> str | None:
    results = fields.get("results")
    if not isinstance(results, list):
        return "without results"
    is_ranked = all(isinstance(item, dict) and type(item.get("index")) is int for item in results)
    return None if is_ranked else "with a result that names no document"


def _check_message(fields: Mapping[str, Any]) -> str | None:
    return None if isinstance(fields.get("content"), list) else "without content"


def _check_response(fields: Mapping[str, Any]) -> str | None:
    is_complete = isinstance(fields.get("output"), list) or fields.get("status") in RESPONSE_IN_PROGRESS
    return None if is_complete else "without output"


_CHECKS: Mapping[Endpoint, Any] = {
    "chat": _check_chat,
    "completions": _check_chat,
    "embeddings": _check_embeddings,
    "rerank": _check_rerank,
    "messages": _check_message,
    "responses": _check_response,
}
