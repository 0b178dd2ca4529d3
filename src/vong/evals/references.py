"""Several references of an example: its completion, and the texts in a field of its metadata."""

from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.evals.scorers.texts import parse_json
from vong.evals.scorers.tool_calls import render
from vong.records import Example

HINT = "store a list of texts in this field of the rows, or leave the setting references out"


def collect_references(examples: Mapping[int, Example], field: str | None) -> dict[int, tuple[str, ...]]:
    """Return the different references of each example, its completion first. Tool calls are written as JSON.

    Raises: InvalidInput if a value of the field is not a list of texts, or no example has the field.
    """
    if field is None:
        return {position: (render(example.completion),) for position, example in examples.items()}
    if not any(field in example.metadata for example in examples.values()):
        raise InvalidInput(f"no evaluated example has the metadata field {field!r}", HINT)
    found: dict[int, tuple[str, ...]] = {}
    for position, example in examples.items():
        others = read_texts(example.metadata.get(field))
        if others is None:
            raise InvalidInput(f"the metadata field {field!r} of row {position + 1} is not a list of texts", HINT)
        found[position] = tuple(dict.fromkeys((render(example.completion), *others)))
    return found


def read_texts(value: Any) -> list[str] | None:
    """Return the texts of a value: of a list, of a list in JSON as in CSV files, or a single text."""
    if isinstance(value, str) and isinstance(parsed := parse_json(value), list):
        value = parsed
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    texts: list[Any] = list(value) if isinstance(value, list | tuple) else [None]
    return texts if all(isinstance(text, str) for text in texts) else None
