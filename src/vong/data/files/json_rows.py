"""Readers of JSONL (one object per line) and JSON (an array, an object with lists of rows, or objects in sequence)."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from vong.data.files.json_layouts import drop_nan, find_rows, is_wrapper, to_row
from vong.data.files.source import MAX_LINE_BYTES, DataFile, FileRow, name_suffix, open_binary, open_text
from vong.errors import InvalidInput

WHITESPACE = re.compile(r"[ \t\r\n]*")
TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
"""Strings and brackets of JSON."""
SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
TOO_DEEP = "the row is nested too deeply"
FIX_HINT = "fix it, or write one object per line (.jsonl)"


def read_jsonl(file: DataFile) -> Iterator[FileRow]:
    """Stream the rows of a file with one JSON object per line."""
    import msgspec

    for number, line in _iter_lines(file):
        if len(line) > MAX_LINE_BYTES:
            yield FileRow(number, None, f"the line is longer than {MAX_LINE_BYTES} bytes")
            continue
        line = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not line:
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            if (value := _decode_surrogates(line)) is not None:
                yield to_row(number, value)
                continue
            yield FileRow(number, None, f"the row is not JSON: {_locate_error(line, str(error))}")
        except RecursionError:
            yield FileRow(number, None, TOO_DEEP)
        else:
            yield to_row(number, value)


def read_json(file: DataFile) -> Iterator[FileRow]:
    """Stream the rows of a JSON file. The text is held in memory, its values one by one if it is an array.

    Raises:
        InvalidInput: The file is not JSON, or an object without rows. The message names the line and column.
    """
    with open_text(file) as content:
        text = content.read().removeprefix("\ufeff")
    start = _skip_whitespace(text, 0)
    if text.startswith("[", start):
        yield from _iter_array(text, start)
        return
    values = list(_iter_values(text, start))
    if len(values) == 1 and isinstance(values[0][0], dict):
        value = values[0][0]
        is_line = name_suffix(file.name) in {".jsonl", ".ndjson"} and "\n" not in text.strip()
        yield from [to_row(1, value)] if is_line and not is_wrapper(value) else find_rows(value)
        return
    for number, (value, problem) in enumerate(values, 1):
        yield FileRow(number, None, problem) if problem else to_row(number, value)


def _decode_surrogates(line: bytes) -> Any:
    """Return the value of a line whose only fault is half of a surrogate pair, which the format replaces or rejects."""
    if not SURROGATE_ESCAPE.search(line):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _iter_lines(file: DataFile) -> Iterator[tuple[int, bytes]]:
    """Yield the lines as UTF-8 with their numbers. A line over the limit is cut."""
    if not file.encoding.startswith("utf-8"):
        with open_text(file) as text:
            yield from enumerate((line.encode("utf-8", "surrogatepass") for line in text), 1)
        return
    with open_binary(file.path, file.compressed) as content:
        number = 0
        while line := content.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                _skip_line(content)
            yield number, line


def _skip_line(content: IO[bytes]) -> None:
    while (rest := content.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _locate_error(line: bytes, reason: str) -> str:
    """Return the reason with the column, if the parser of the standard library finds the place."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return f"{error.msg} (column {error.colno})"
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    except (ValueError, RecursionError):
        pass
    return reason


def _iter_array(text: str, start: int) -> Iterator[FileRow]:
    """Yield the rows of an array, one value at a time."""
    position, number = _skip_whitespace(text, start + 1), 0
    if text.startswith("]", position):
        position += 1
    else:
        while True:
            number += 1
            value, position, problem = _decode_element(text, position)
            yield FileRow(number, None, problem) if problem else to_row(number, value)
            position = _skip_whitespace(text, position)
            if text.startswith("]", position):
                position += 1
                break
            if not text.startswith(",", position):
                what = "the end of the array is missing" if position >= len(text) else "',' or ']' expected"
                raise _not_json(text, position, f"{what} after row {number}")
            position = _skip_whitespace(text, position + 1)
    if (rest := _skip_whitespace(text, position)) < len(text):
        raise _not_json(text, rest, "text after the end of the array")


def _decode_element(text: str, position: int) -> tuple[Any, int, str | None]:
    """Return the value at a position, the position after it, and a problem if the value cannot be represented."""
    try:
        constants: list[str] = []
        decoder = json.JSONDecoder(parse_constant=lambda name: constants.append(name) or float(name))
        value, end = decoder.raw_decode(text, position)
        value = drop_nan(value) if constants else value
    except json.JSONDecodeError as error:
        raise _not_json(text, error.pos, error.msg) from error
    except RecursionError:
        return None, _skip_value(text, position), TOO_DEEP
    except ValueError as error:  # a number with more digits than Python converts
        return None, _skip_value(text, position), f"the row has an invalid number: {error}"
    return value, end, None


def _iter_values(text: str, position: int) -> Iterator[tuple[Any, str | None]]:
    """Yield the values of a text that contains JSON values in sequence, or the problem of a value."""
    while position < len(text):
        value, end, problem = _decode_element(text, position)
        yield value, problem
        position = _skip_whitespace(text, end)
        if text.startswith(",", position):
            position = _skip_whitespace(text, position + 1)


def _skip_value(text: str, position: int) -> int:
    """Return the position after an object or array, found by its brackets."""
    depth = 0
    for token in TOKENS.finditer(text, position):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)


def _skip_whitespace(text: str, position: int) -> int:
    found = WHITESPACE.match(text, position)
    return found.end() if found else position


def _not_json(text: str, position: int, reason: str) -> InvalidInput:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return InvalidInput(f"the file is not JSON: {reason} (line {line} column {column})", FIX_HINT)
