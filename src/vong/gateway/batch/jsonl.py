"""JSONL of batches: parse and validate request lines, write result lines."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from vong.records import new_id
from vong.records.batch import BatchInputError

MAX_LINES = 50_000
"""Maximum number of lines of one batch."""
MAX_REPORTED_ERRORS = 100
"""Maximum number of reported errors."""
MAX_CUSTOM_ID_CHARS = 512
"""Maximum number of characters of a custom_id."""

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_string_decoder = msgspec.json.Decoder(str)


class BatchRequestLine(NamedTuple):
    """Request line: its number in the file (from 1), the caller's id, and the request body."""

    number: int
    custom_id: str
    body: bytes


class BatchResultLine(NamedTuple):
    """Result line. `ok` selects the output file, else the error file."""

    number: int
    ok: bool
    text: str


class BatchLineError(Exception):
    """Error in a request line."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


def parse_lines(source: Iterable[bytes], endpoint: str) -> Iterator[BatchRequestLine]:
    """Yield the request lines of a valid file."""
    for number, raw in enumerate(source, start=1):
        if raw.strip():
            yield _parse_line(raw, number, endpoint)


def validate_lines(source: Iterable[bytes], endpoint: str) -> tuple[int, list[BatchInputError]]:
    """Return the number of requests in a file, and its errors up to a maximum."""
    errors, line_by_custom_id = list[BatchInputError](), dict[str, int]()
    for number, raw in enumerate(source, start=1):
        if not raw.strip():
            continue
        try:
            line = _parse_line(raw, number, endpoint)
            first_line = line_by_custom_id.setdefault(line.custom_id, number)
            if first_line != number:
                raise BatchLineError(
                    "duplicate_custom_id", f"line {first_line} has the same custom_id {line.custom_id!r}"
                )
        except BatchLineError as wrong:
            errors.append(BatchInputError(code=wrong.code, message=wrong.message, line=number, param=wrong.param))
        if len(line_by_custom_id) > MAX_LINES:
            return len(line_by_custom_id), [
                BatchInputError(code="too_many_requests", message=f"the file has more than {MAX_LINES} lines")
            ]
        if len(errors) >= MAX_REPORTED_ERRORS:
            break
    if not line_by_custom_id and not errors:
        errors.append(BatchInputError(code="empty_file", message="the file is empty"))
    return len(line_by_custom_id), errors


def result_line(line: BatchRequestLine, status: int, request_id: str, body: bytes) -> BatchResultLine:
    """Build the result line of a response."""
    try:
        body.decode()
        decoded: Any = msgspec.Raw(msgspec.json.format(body, indent=-1))  # one line, even if the provider sent several
    except (msgspec.DecodeError, UnicodeDecodeError):
        decoded = {"error": {"message": body[:2000].decode("utf-8", "replace"), "type": "upstream_error"}}
    response = {"status_code": status, "request_id": request_id, "body": decoded}
    return BatchResultLine(line.number, status < 400, _encode_result(line, response, None))


def error_line(line: BatchRequestLine, code: str, message: str) -> BatchResultLine:
    """Build the result line of a request that was not sent."""
    return BatchResultLine(line.number, False, _encode_result(line, None, {"code": code, "message": message}))


def _encode_result(line: BatchRequestLine, response: Any, error: Any) -> str:
    result = {"id": f"batch_req_{new_id().hex}", "custom_id": line.custom_id, "response": response, "error": error}
    return msgspec.json.encode(result).decode()


def _parse_line(raw: bytes, number: int, endpoint: str) -> BatchRequestLine:
    try:
        raw.decode()
        fields = _object_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BatchLineError("invalid_json_line", f"the line is not a JSON object: {error}") from error
    custom_id = required_string(fields, "custom_id")
    if len(custom_id) > MAX_CUSTOM_ID_CHARS:
        raise BatchLineError("invalid_value", f"custom_id has more than {MAX_CUSTOM_ID_CHARS} characters", "custom_id")
    if (method := required_string(fields, "method")) != "POST":
        raise BatchLineError("invalid_method", f"the method {method!r} is not POST", "method")
    if (url := required_string(fields, "url")) != endpoint:
        raise BatchLineError(
            "invalid_url", f"the url {url!r} differs from the endpoint of the batch, {endpoint!r}", "url"
        )
    if "body" not in fields:
        raise BatchLineError("missing_required_parameter", "body is missing", "body")
    try:
        body = _object_decoder.decode(fields["body"])
    except msgspec.DecodeError as error:
        raise BatchLineError("invalid_value", "body is not a JSON object", "body") from error
    required_string(body, "model", "body.")
    if bytes(body.get("stream", b"false")) not in (b"false", b"null"):
        raise BatchLineError("invalid_value", "a batch cannot stream; omit stream", "body.stream")
    return BatchRequestLine(number, custom_id, bytes(fields["body"]))


def required_string(fields: dict[str, msgspec.Raw], name: str, prefix: str = "") -> str:
    """Return a required field that is a string and not empty."""
    if name not in fields:
        raise BatchLineError("missing_required_parameter", f"{prefix}{name} is missing", f"{prefix}{name}")
    try:
        value = _string_decoder.decode(fields[name])
    except msgspec.DecodeError as error:
        raise BatchLineError("invalid_value", f"{prefix}{name} is not a string", f"{prefix}{name}") from error
    if not value:
        raise BatchLineError("missing_required_parameter", f"{prefix}{name} is empty", f"{prefix}{name}")
    return value
