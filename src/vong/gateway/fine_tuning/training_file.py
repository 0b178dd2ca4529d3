"""Validation of training files: JSONL in OpenAI's formats, with errors that name the line."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from vong.errors import InvalidInput
from vong.gateway.endpoints.json_depth import MAX_DEPTH, exceeds_max_depth
from vong.records.fine_tuning import FineTuningMethod

RowKind = Literal["chat", "open_chat", "prompt", "completion", "preference"]
"""Format of a row: a conversation with an answer to train on, the same with a user message at its end, a conversation
without such an answer, a text and its continuation, or a preference pair."""
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
KINDS_BY_METHOD: dict[FineTuningMethod, frozenset[RowKind]] = {
    "supervised": frozenset({"chat", "open_chat", "completion"}),
    "dpo": frozenset({"preference"}),
    "reinforcement": frozenset({"prompt", "open_chat"}),
}
EXPECTED_ROWS: dict[FineTuningMethod, str] = {
    "supervised": "messages with at least one assistant message of a weight above 0, or prompt and completion",
    "dpo": "input.messages, preferred_output and non_preferred_output",
    "reinforcement": "messages that end with a user message",
}
MAX_LINE_BYTES = 32_000_000
BOM = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
TRAILING_COMMA = re.compile(rb",\s*[}\]]\s*$|,\s*$")
PART_TYPES = ("text", "image_url", "refusal", "input_text", "output_text", "input_image", "file", "input_audio")
FORMAT_HINT = 'write one JSON object per line, for example {"messages": [{"role": "user", "content": "…"}, …]}'


class TrainingFileError(InvalidInput):
    """Training file that does not have the format of the fine-tuning API. The message names the line."""

    code = "invalid_training_file"
    param = "file"


class TrainingRow(NamedTuple):
    """Row of a training file: the number of its line (from 1), its kind and its fields."""

    line: int
    kind: RowKind
    fields: dict[str, Any]


class FileSummary(NamedTuple):
    """Number of rows by kind, the first line of each kind, and the bytes of all rows."""

    rows: Counter[RowKind]
    first_lines: dict[RowKind, int]
    bytes: int

    @property
    def total(self) -> int:
        """Return the number of rows."""
        return sum(self.rows.values())


def read_rows(source: Iterable[bytes]) -> Iterator[TrainingRow]:
    """Yield the rows of a file. A byte order mark, CRLF line ends and blank lines are allowed.

    Raises:
        TrainingFileError: A row is invalid. The message names its line.
    """
    for number, raw in enumerate(source, 1):
        if number == 1:
            if raw.startswith(UTF16_MARKS):
                raise TrainingFileError("the file is encoded as UTF-16", "save it as UTF-8")
            raw = raw.removeprefix(BOM)
        if raw.strip():
            fields = _decode_line(raw, number)
            yield TrainingRow(number, _check_row(fields, number), fields)


def inspect_file(source: Iterable[bytes]) -> FileSummary:
    """Validate a whole file and return its summary.

    Raises:
        TrainingFileError: The file has no rows, or a row is invalid.
    """
    summary, size = FileSummary(Counter(), {}, 0), 0
    for number, kind, fields in read_rows(_limit_lines(source)):
        summary.rows[kind] += 1
        summary.first_lines.setdefault(kind, number)
        size += len(msgspec.json.encode(fields))
    if not summary.total:
        raise TrainingFileError("the file has no rows", FORMAT_HINT)
    return summary._replace(bytes=size)


def check_method(summary: FileSummary, method: FineTuningMethod, param: str) -> None:
    """Check that the rows of a file fit the method.

    Raises:
        TrainingFileError: The message names the first line that does not fit. `param` names the file in the request.
    """
    for kind, number in sorted(summary.first_lines.items(), key=lambda item: item[1]):
        if kind not in KINDS_BY_METHOD[method]:
            found = {
                "chat": "a conversation that ends with an answer",
                "open_chat": "a conversation that ends with a user message",
                "prompt": "a conversation without an assistant message to train on",
                "completion": "a prompt and its completion",
                "preference": "a preference pair",
            }[kind]
            error = TrainingFileError(
                f"line {number} of {param} is {found}, which the method {method!r} cannot use",
                f"each row needs {EXPECTED_ROWS[method]}",
            )
            error.param = param
            raise error


def is_trained(message: dict[str, Any]) -> bool:
    """Return True if the model learns to write a message: an assistant message, unless its weight is 0."""
    return message["role"] == "assistant" and message.get("weight") != 0


def _limit_lines(source: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines. A line of more than `MAX_LINE_BYTES` is an error, because it would be held in memory."""
    for number, raw in enumerate(source, 1):
        if len(raw) > MAX_LINE_BYTES:
            raise TrainingFileError(
                f"line {number} has {len(raw)} bytes, and {MAX_LINE_BYTES} are allowed", "store images as URLs"
            )
        yield raw


def _decode_line(raw: bytes, number: int) -> dict[str, Any]:
    if exceeds_max_depth(raw):
        raise TrainingFileError(f"line {number} is nested more than {MAX_DEPTH} levels deep", "reduce the nesting")
    try:
        raw.decode()
        fields = msgspec.json.decode(raw)
    except UnicodeDecodeError as error:
        raise TrainingFileError(
            f"line {number} is not UTF-8 (byte {error.start + 1})", "save the file as UTF-8"
        ) from None
    except msgspec.DecodeError as error:
        if TRAILING_COMMA.search(raw.rstrip()):
            hint = "remove the comma at the end of the line or before the closing bracket"
        elif raw.strip() in (b"[", b"{"):
            hint = f"the file is one JSON document; {FORMAT_HINT}"
        else:
            hint = FORMAT_HINT
        raise TrainingFileError(f"line {number} is not valid JSON: {error}", hint) from None
    if not isinstance(fields, dict):
        raise TrainingFileError(f"line {number} is not a JSON object", FORMAT_HINT)
    return fields


def _check_row(fields: dict[str, Any], number: int) -> RowKind:
    """Return the kind of a row."""
    if "preferred_output" in fields or "non_preferred_output" in fields:
        return _check_preference(fields, number)
    if "messages" in fields:
        _check_tools(fields, f"line {number}")
        return _check_conversation(fields["messages"], f"line {number}")
    if "prompt" in fields or "completion" in fields:
        for name in ("prompt", "completion"):
            if not isinstance(fields.get(name), str):
                raise _row_error(f"line {number}: {name!r} is not a string", "write both prompt and completion as text")
        if not fields["completion"]:
            raise _row_error(f"line {number}: 'completion' is empty", "write the text to learn, or remove the line")
        return "completion"
    names = ", ".join(map(repr, list(fields)[:8])) or "none"
    raise _row_error(
        f"line {number} has neither 'messages' nor 'prompt' and 'completion' nor 'preferred_output' (fields: {names})",
        FORMAT_HINT,
    )


def _check_preference(fields: dict[str, Any], number: int) -> RowKind:
    source = fields.get("input")
    if not isinstance(source, dict) or "messages" not in source:
        raise _row_error(f"line {number} has no 'input' with 'messages'", f"each row needs {EXPECTED_ROWS['dpo']}")
    _check_tools(source, f"line {number}, input")
    _check_conversation(source["messages"], f"line {number}, input")
    for name in ("preferred_output", "non_preferred_output"):
        where = f"line {number}, {name}"
        outputs = fields.get(name)
        if not isinstance(outputs, list) or not outputs:
            raise _row_error(f"{where} is not a list of messages", "write a list with one assistant message")
        _check_conversation(outputs, where)
        if len(outputs) != 1 or outputs[0]["role"] != "assistant":
            raise _row_error(f"{where} has {len(outputs)} messages", "write a list with one assistant message")
    return "preference"


def _check_conversation(messages: Any, where: str) -> RowKind:
    """Check the messages of a row. Return `chat` if one of them can be trained on, else `prompt`."""
    if not isinstance(messages, list) or not messages:
        raise _row_error(f"{where}: 'messages' is not a list of messages", FORMAT_HINT)
    can_train = False
    for place, message in enumerate(messages, 1):
        _check_message(message, f"{where}, message {place}")
        can_train |= place > 1 and is_trained(message)
    if not can_train:
        return "prompt"
    return "open_chat" if messages[-1]["role"] == "user" else "chat"


def _check_message(message: Any, where: str) -> None:
    if not isinstance(message, dict):
        raise _row_error(f"{where} is not an object", 'write {"role": "user", "content": "…"}')
    role = message.get("role")
    if role not in ROLES:
        what = "has no role" if role is None else f"has the unknown role {role!r}"
        raise _row_error(f"{where} {what}", f"use one of: {', '.join(ROLES)}")
    if (weight := message.get("weight")) is not None and (role != "assistant" or weight not in (0, 1)):
        reason = f"the weight {weight!r}" if role == "assistant" else f"a weight, but its role is {role!r}"
        raise _row_error(f"{where} has {reason}", "set the weight of assistant messages to 0 or 1")
    calls = [name for name in ("tool_calls", "function_call") if message.get(name)]
    content = message.get("content")
    if isinstance(content, list):
        _check_parts(content, where)
    elif content is not None and not isinstance(content, str):
        raise _row_error(f"{where}: 'content' is neither text nor a list of parts", "write the content as text")
    elif content is None and not calls and not isinstance(message.get("refusal"), str):
        raise _row_error(f"{where} has no content", "write 'content', or 'tool_calls' for an assistant message")
    if calls:
        _check_calls(message, role, where)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise _row_error(f"{where} has no 'tool_call_id'", "set it to the id of the tool call that it answers")


def _check_parts(parts: list[Any], where: str) -> None:
    for place, part in enumerate(parts, 1):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in PART_TYPES:
            raise _row_error(
                f"{where}, part {place} has the unknown type {kind!r}", f"use one of: {', '.join(PART_TYPES)}"
            )


def _check_calls(message: dict[str, Any], role: Any, where: str) -> None:
    if role != "assistant":
        raise _row_error(f"{where} calls a tool, but its role is {role!r}", "only assistant messages may call tools")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise _row_error(f"{where}: 'tool_calls' is not a list", "write a list of calls")
    functions = [call.get("function") if isinstance(call, dict) else None for call in calls]
    if message.get("function_call"):
        functions.append(message["function_call"])
    for function in functions:
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise _row_error(
                f"{where} has a tool call without a name", 'write {"function": {"name": …, "arguments": …}}'
            )
        if not isinstance(function.get("arguments"), str):
            raise _row_error(
                f"{where}: the arguments of {function['name']!r} are not a string", "write them as a string of JSON"
            )


def _check_tools(fields: dict[str, Any], where: str) -> None:
    for name in ("tools", "functions"):
        tools = fields.get(name)
        if tools is None:
            continue
        if not isinstance(tools, list):
            raise _row_error(f"{where}: {name!r} is not a list", "write a list of objects")
        for tool in tools:
            function = tool.get("function") if name == "tools" and isinstance(tool, dict) else tool
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise _row_error(f"{where}: an entry of {name!r} has no name", "write the name of each function")
    if not isinstance(fields.get("parallel_tool_calls", True), bool):
        raise _row_error(f"{where}: 'parallel_tool_calls' is not a boolean", "write true or false")


def _row_error(message: str, hint: str) -> TrainingFileError:
    return TrainingFileError(message, hint)
