"""Import of questions from CSV and JSON Lines files."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from vong.errors import InvalidInput
from vong.knowledge.question import QuestionContent

MAX_FILE_BYTES = 50_000_000
"""Maximum size of an imported file."""
MAX_LISTED_FAULTS = 5
"""Number of faulty lines that an error lists."""
FALSE_WORDS = frozenset({"false", "no", "0"})
TRUE_WORDS = frozenset({"true", "yes", "1", ""})
FIELD_LIMIT = 1_000_000
COLUMNS = ("question", "answer", "path", "quote", "passages", "answerable")
HINT = (
    "CSV needs the columns question and path, quote or answer; JSON Lines one object per line: "
    '{"question": "…", "passages": [{"path": "…", "quote": "…"}], "answer": "…"}'
)


def parse_questions(content: bytes, name: str) -> list[QuestionContent]:
    """Return the questions of a file: CSV if its name ends with `.csv`, else JSON Lines.

    In CSV, rows with the same question are one question with several expected passages. A file is imported as a whole:
    one faulty line rejects it.

    Raises: InvalidInput naming the faulty lines.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInput(f"{name} has {len(content)} bytes, at most {MAX_FILE_BYTES} are allowed", "split the file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name} is not UTF-8 at byte {error.start}", "save it as UTF-8") from error
    is_csv = name.lower().endswith(".csv")
    merged: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    for line, row in _csv_rows(text, name) if is_csv else _json_rows(text):
        if isinstance(row, str):
            faults.append(f"line {line}: {row}")
            continue
        key = str(row.get("question", line)) if is_csv else str(line)
        merged[key] = _merge(merged.get(key), row, line)
    questions: list[QuestionContent] = []
    for row in merged.values():
        line = row.pop("line")
        try:
            questions.append(QuestionContent.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            faults.append(f"line {line}: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}")
    if faults:
        listed = "; ".join(faults[:MAX_LISTED_FAULTS])
        rest = f" and {len(faults) - MAX_LISTED_FAULTS} more" if len(faults) > MAX_LISTED_FAULTS else ""
        raise InvalidInput(f"{name} has {len(faults)} faulty lines: {listed}{rest}", HINT)
    if not questions:
        raise InvalidInput(f"{name} contains no question", HINT)
    return questions


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            yield number, f"not JSON ({error})"
            continue
        if isinstance(value, dict):
            yield number, _rename(value)
        else:
            yield number, "not a JSON object"


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    csv.field_size_limit(FIELD_LIMIT)
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [str(field).strip().lower() for field in reader.fieldnames or ()]
    if "question" not in names:
        raise InvalidInput(f"{name} has no column 'question' (columns: {', '.join(names)[:200] or 'none'})", HINT)
    reader.fieldnames = names
    try:
        for row in reader:
            yield reader.line_num, _rename({str(key): value for key, value in row.items() if value})
    except csv.Error as error:
        yield reader.line_num, f"not CSV ({error})"


def _rename(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the fields of a question. `path` and `quote` are its only expected passage.

    Other columns, such as notes, are dropped.
    """
    fields = {name: row[name] for name in COLUMNS if name in row and row[name] is not None}
    passage = {name: fields.pop(name) for name in ("path", "quote") if name in fields}
    if isinstance(fields.get("passages"), str):
        with suppress(ValueError):  # the validation of the question names the fault
            fields["passages"] = json.loads(fields["passages"])
    if passage:
        given = fields.get("passages", ())
        fields["passages"] = [*given, passage] if isinstance(given, list | tuple) else given
    if isinstance(answerable := fields.get("answerable"), str):
        word = answerable.strip().lower()
        fields["answerable"] = False if word in FALSE_WORDS else True if word in TRUE_WORDS else answerable
    return fields


def _merge(earlier: dict[str, Any] | None, row: dict[str, Any], line: int) -> dict[str, Any]:
    if earlier is None:
        return {**row, "line": line}
    passages = [*earlier.get("passages", ()), *row.get("passages", ())]
    return {**earlier, **{name: value for name, value in row.items() if name != "passages"}, "passages": passages}
