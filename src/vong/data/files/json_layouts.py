"""Rows of a JSON object: lists under a key, splits, columns, the layouts of pandas, and nested questions (SQuAD)."""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from vong.data.files.source import FileRow
from vong.errors import InvalidInput

ROW_COLUMNS = {
    *("messages", "conversations", "conversation", "contents", "prompt", "completion", "chosen", "rejected"),
    *("chosen_messages", "rejected_messages", "instruction", "question", "answer", "input", "output", "response"),
    *("text", "query", "preferred_output"),
}
"""Columns of a row: an object with one of them is a row, or a table by columns."""
LIST_NAMES = ("data", "rows", "examples", "instances", "items", "records", "samples", "entries", "dataset", "results")
"""Usual names of the list of rows, in order of preference."""
SPLIT_NAME = re.compile(
    r"(\w+[_-])?(train|training|val|valid|validation|dev|test|testing|eval)(ing)?\d*([_-]\w+)?", re.I
)
MAX_WRAPPERS = 3
"""Maximum number of objects around the list of rows."""


def to_row(number: int, value: Any, split: str | None = None) -> FileRow:
    """Return a value as a row. A list of two texts is a pair of prompt and completion."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value):
        value = {"prompt": value[0], "completion": value[1]}
    if not isinstance(value, dict):
        names = {list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
        what = names.get(type(value), "a number")
        return FileRow(number, None, f"the row is {what}, not an object with named columns")
    return FileRow(number, value if split is None or "split" in value else {**value, "split": split})


def drop_nan(value: Any) -> Any:
    """Return a value in which NaN (a missing value in tables) is null, except for a weight."""
    if isinstance(value, dict):
        return {name: item if name == "weight" else drop_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [drop_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def is_wrapper(value: Mapping[str, Any]) -> bool:
    """Return True if an object is certainly no row: a list of objects has a usual name, or all lists are splits."""
    lists = [name for name, items in value.items() if isinstance(items, list) and _holds_rows(items)]
    has_name = any(name in LIST_NAMES or SPLIT_NAME.fullmatch(name) for name in lists)
    return has_name and not ROW_COLUMNS & value.keys()


def find_rows(value: Mapping[str, Any], wrappers: int = 0) -> Iterator[FileRow]:
    """Yield the rows of an object.

    Raises:
        InvalidInput: The object has no list of rows, or several. The message names its keys.
    """
    if ROW_COLUMNS & value.keys():
        yield from _rows_of_table(value)
        return
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        for number, cells in enumerate(value["data"], 1):
            named = dict(zip(map(str, value["columns"]), cells, strict=False)) if isinstance(cells, list) else cells
            yield to_row(number, named)
        return
    lists = {name: items for name, items in value.items() if isinstance(items, list) and _holds_rows(items)}
    name = next((name for name in LIST_NAMES if name in lists), None) or (
        next(iter(lists)) if len(lists) == 1 else None
    )
    if name is not None and not SPLIT_NAME.fullmatch(name):
        yield from _rows_of_list(lists[name])
        return
    if lists and all(SPLIT_NAME.fullmatch(name) for name in lists):
        numbers = count(1)
        yield from (to_row(next(numbers), item, split) for split, items in lists.items() for item in items)
        return
    yield from _rows_of_objects(value, lists, wrappers)


def _rows_of_table(value: Mapping[str, Any]) -> Iterator[FileRow]:
    """Yield the rows of an object of columns, or the object itself as the only row."""
    columns = list(value.values())
    if all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns) and columns[0]:
        for number, key in enumerate(columns[0], 1):
            yield to_row(number, {name: column[key] for name, column in value.items()})
    elif all(isinstance(column, list) and len(column) == len(columns[0]) > 0 for column in columns) and not any(
        isinstance(item, dict) and {"role", "from", "speaker"} & item.keys() for column in columns for item in column
    ):
        for number, cells in enumerate(zip(*columns, strict=True), 1):
            yield to_row(number, dict(zip(value, cells, strict=True)))
    else:
        yield to_row(1, value)


def _holds_rows(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) or (isinstance(item, list) and len(item) == 2) for item in items)


def _rows_of_list(items: list[Any]) -> Iterator[FileRow]:
    """Yield the rows of a list, with the rows of Hugging Face's viewer and of SQuAD unpacked."""
    if all(isinstance(item, dict) and "paragraphs" in item for item in items):
        numbers = count(1)
        for item in items:
            yield from (_question_row(next(numbers), item, *found) for found in _iter_questions(item["paragraphs"]))
        return
    for number, item in enumerate(items, 1):
        is_viewer_row = isinstance(item, dict) and isinstance(item.get("row"), dict) and "row_idx" in item
        yield to_row(number, item["row"] if is_viewer_row else item)


def _iter_questions(paragraphs: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for paragraph in paragraphs if isinstance(paragraphs, list) else []:
        questions = paragraph.get("qas") if isinstance(paragraph, dict) else None
        for question in questions if isinstance(questions, list) else []:
            if isinstance(question, dict):
                yield str(paragraph.get("context", "")), question


def _question_row(number: int, article: Mapping[str, Any], context: str, question: Mapping[str, Any]) -> FileRow:
    """Return a question of SQuAD as a pair: context and question, and the first answer."""
    answers = question.get("answers")
    texts = [item.get("text") for item in answers if isinstance(item, dict)] if isinstance(answers, list) else []
    if not texts or not isinstance(texts[0], str):
        return FileRow(number, None, "the question has no answer")
    names = {"id": question.get("id"), "title": article.get("title")}
    metadata = {name: item for name, item in names.items() if item is not None}
    if len(set(texts)) > 1:
        metadata["answers"] = texts
    return FileRow(
        number, {"prompt": f"{context}\n\n{question.get('question', '')}", "completion": texts[0], **metadata}
    )


def _rows_of_objects(value: Mapping[str, Any], lists: Mapping[str, Any], wrappers: int) -> Iterator[FileRow]:
    objects = {name: item for name, item in value.items() if isinstance(item, dict)}
    if objects and len(objects) == len(value) and all(ROW_COLUMNS & item.keys() for item in objects.values()):
        yield from (to_row(number, item) for number, item in enumerate(objects.values(), 1))
    elif len(objects) == 1 and not any(isinstance(item, list) for item in value.values()) and wrappers < MAX_WRAPPERS:
        yield from find_rows(next(iter(objects.values())), wrappers + 1)
    elif not lists and not any(isinstance(item, list | dict) for item in value.values()):
        yield to_row(1, value)
    else:
        names = ", ".join(repr(name) for name in list(value)[:12])
        what = "with several lists" if len(lists) > 1 else "without a list of rows"
        raise InvalidInput(
            f"the file is one object {what}: its keys are {names}",
            "write [{…}, {…}], or one object per line (.jsonl)",
        )
