"""The lines of a batch: how each asks for a call, what can be wrong with it, and how its answer is written."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from vong.records import new_id
from vong.records.batch import BatchInputError

MOST = 50_000
"""Lines of one batch."""
SHOWN = 100
"""Faults that are told."""
LONGEST_ID = 512
"""Characters of a custom_id."""

_line = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)


class BatchRequestLine(NamedTuple):
    """One call: its line of the file (the first is 1), the name that its caller gave it, and the request."""

    number: int
    custom_id: str
    body: bytes


class BatchResultLine(NamedTuple):
    """The answer to a line as it stands in a file of results. `ok` says in which of the two."""

    number: int
    ok: bool
    text: str


class BatchLineError(Exception):
    """What is wrong with a line."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


def lines_of(source: Iterable[bytes], endpoint: str) -> Iterator[BatchRequestLine]:
    """The calls of a file that was found to be good."""
    for number, raw in enumerate(source, start=1):
        if raw.strip():
            yield _read(raw, number, endpoint)


def check(source: Iterable[bytes], endpoint: str) -> tuple[int, list[BatchInputError]]:
    """How many calls a file asks for, and what is wrong with it: of many faults the first ones."""
    faults, seen = list[BatchInputError](), dict[str, int]()
    for number, raw in enumerate(source, start=1):
        if not raw.strip():
            continue
        try:
            line = _read(raw, number, endpoint)
            first = seen.setdefault(line.custom_id, number)
            if first != number:
                raise BatchLineError(
                    "duplicate_custom_id", f"the custom_id {line.custom_id!r} is that of line {first} too"
                )
        except BatchLineError as wrong:
            faults.append(BatchInputError(code=wrong.code, message=wrong.message, line=number, param=wrong.param))
        if len(seen) > MOST:
            return len(seen), [BatchInputError(code="too_many_requests", message=f"a batch has at most {MOST} lines")]
        if len(faults) >= SHOWN:
            break
    if not seen and not faults:
        faults.append(BatchInputError(code="empty_file", message="the file has no lines"))
    return len(seen), faults


def answered(line: BatchRequestLine, status: int, request_id: str, body: bytes) -> BatchResultLine:
    """The answer of the gateway to a line."""
    try:
        body.decode()
        said: Any = msgspec.Raw(msgspec.json.format(body, indent=-1))  # on one line, whatever the provider sent
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = {"error": {"message": body[:2000].decode("utf-8", "replace"), "type": "upstream_error"}}
    response = {"status_code": status, "request_id": request_id, "body": said}
    return BatchResultLine(line.number, status < 400, _written(line, response, None))


def unanswered(line: BatchRequestLine, code: str, message: str) -> BatchResultLine:
    """A line that was not asked."""
    return BatchResultLine(line.number, False, _written(line, None, {"code": code, "message": message}))


def _written(line: BatchRequestLine, response: Any, error: Any) -> str:
    said = {"id": f"batch_req_{new_id().hex}", "custom_id": line.custom_id, "response": response, "error": error}
    return msgspec.json.encode(said).decode()


def _read(raw: bytes, number: int, endpoint: str) -> BatchRequestLine:
    try:
        raw.decode()
        fields = _line.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BatchLineError("invalid_json_line", f"the line is not an object in JSON: {error}") from error
    custom_id = _string(fields, "custom_id")
    if len(custom_id) > LONGEST_ID:
        raise BatchLineError("invalid_value", f"custom_id has more than {LONGEST_ID} characters", "custom_id")
    if (method := _string(fields, "method")) != "POST":
        raise BatchLineError("invalid_method", f"the method {method!r} is not POST", "method")
    if (url := _string(fields, "url")) != endpoint:
        raise BatchLineError("invalid_url", f"the url {url!r} is not the endpoint of the batch, {endpoint!r}", "url")
    if "body" not in fields:
        raise BatchLineError("missing_required_parameter", "body is missing", "body")
    try:
        body = _line.decode(fields["body"])
    except msgspec.DecodeError as error:
        raise BatchLineError("invalid_value", "body is not an object", "body") from error
    _string(body, "model", "body.")
    if bytes(body.get("stream", b"false")) not in (b"false", b"null"):
        raise BatchLineError("invalid_value", "a batch cannot stream: leave stream out", "body.stream")
    return BatchRequestLine(number, custom_id, bytes(fields["body"]))


def _string(fields: dict[str, msgspec.Raw], name: str, within: str = "") -> str:
    """A field that must be there, as a text that is not empty."""
    if name not in fields:
        raise BatchLineError("missing_required_parameter", f"{within}{name} is missing", f"{within}{name}")
    try:
        found = _text.decode(fields[name])
    except msgspec.DecodeError as error:
        raise BatchLineError("invalid_value", f"{within}{name} is not a text", f"{within}{name}") from error
    if not found:
        raise BatchLineError("missing_required_parameter", f"{within}{name} is empty", f"{within}{name}")
    return found
