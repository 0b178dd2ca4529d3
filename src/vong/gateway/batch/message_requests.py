"""Message batches of Anthropic's API as JSONL files of the batches of Vong, and their results in Anthropic's format."""

from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.batch.jsonl import MAX_CUSTOM_ID_CHARS, MAX_LINES, BatchLineError, parse_lines, required_string
from vong.gateway.translators.json_lines import encode_json_line

MESSAGES_PATH = "/v1/messages"
"""Endpoint of every message batch."""
EXPIRED_CODE = "batch_expired"
"""Error code of a line that was not sent before the batch expired."""
UNSENT_ERROR = {"type": "error", "error": {"type": "api_error", "message": "the batch failed before this request"}}
HINT = "see docs/guides/batches.md for an example"


class _MessageRequest(msgspec.Struct):
    custom_id: str
    params: dict[str, msgspec.Raw]


class _CreateBody(msgspec.Struct):
    requests: list[_MessageRequest]


class ResultSources(NamedTuple):
    """Lines of a batch: its requests, and its successful and failed results, each in the order of the requests."""

    requests: Iterable[bytes]
    successes: Iterable[bytes]
    failures: Iterable[bytes]


def write_requests(body: bytes, target: IO[bytes]) -> int:
    """Write the requests of a message batch to a JSONL file and return their number.

    Raises:
        InvalidInput: names the first invalid request.
    """
    try:
        body.decode()
        requests = msgspec.json.decode(body, type=_CreateBody).requests
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"invalid request body: {error}", HINT) from error
    if not 1 <= len(requests) <= MAX_LINES:
        raise InvalidInput(f"the batch has {len(requests)} requests", f"send 1 to {MAX_LINES} requests")
    positions = dict[str, int]()
    for position, request in enumerate(requests):
        first = positions.setdefault(request.custom_id, position)
        if first != position:
            message = f"requests.{position}.custom_id: {request.custom_id!r} is also the id of requests.{first}"
            raise InvalidInput(message, "use each custom_id once")
        _check_request(request, position)
        line = {"custom_id": request.custom_id, "method": "POST", "url": MESSAGES_PATH, "body": request.params}
        target.write(msgspec.json.format(msgspec.json.encode(line), indent=-1) + b"\n")
    return len(requests)


def convert_results(sources: ResultSources, *, cancelled: bool) -> Iterator[bytes]:
    """Yield one result line per request. A request without a result was cancelled, or the batch failed before it."""
    successes, failures = map(_read_result, sources.successes), map(_read_result, sources.failures)
    success, failure = next(successes, None), next(failures, None)
    unsent: dict[str, Any] = {"type": "canceled"} if cancelled else {"type": "errored", "error": UNSENT_ERROR}
    for request in parse_lines(sources.requests, MESSAGES_PATH):
        result = unsent
        if success is not None and success["custom_id"] == request.custom_id:
            result = {"type": "succeeded", "message": success["response"]["body"]}
            success = next(successes, None)
        elif failure is not None and failure["custom_id"] == request.custom_id:
            result = _convert_failure(failure)
            failure = next(failures, None)
        yield encode_json_line({"custom_id": request.custom_id, "result": result})


def count_expired(failures: Iterable[bytes]) -> int:
    """Return the number of failed results whose requests expired."""
    return sum(_is_expired(_read_result(line)) for line in failures)


def _check_request(request: _MessageRequest, position: int) -> None:
    try:
        if not 1 <= len(request.custom_id) <= MAX_CUSTOM_ID_CHARS:
            raise BatchLineError("invalid_value", f"custom_id must have 1 to {MAX_CUSTOM_ID_CHARS} characters")
        required_string(request.params, "model", "params.")
        if bytes(request.params.get("stream", b"false")) not in (b"false", b"null"):
            raise BatchLineError("invalid_value", "params.stream: a batch cannot stream")
    except BatchLineError as error:
        raise InvalidInput(f"requests.{position}: {error.message}", HINT) from error


def _read_result(line: bytes) -> dict[str, Any]:
    return msgspec.json.decode(line, type=dict[str, Any])


def _is_expired(result: dict[str, Any]) -> bool:
    return (result.get("error") or {}).get("code") == EXPIRED_CODE


def _convert_failure(result: dict[str, Any]) -> dict[str, Any]:
    if _is_expired(result):
        return {"type": "expired"}
    body = result["response"]["body"] if result.get("response") else result
    if isinstance(body, dict) and body.get("type") == "error" and isinstance(body.get("error"), dict):
        return {"type": "errored", "error": body}
    error = body.get("error") if isinstance(body, dict) else None
    message = str(error.get("message")) if isinstance(error, dict) else str(body)
    return {"type": "errored", "error": {"type": "error", "error": {"type": "api_error", "message": message}}}
