"""Slices of the examples of an evaluation: by language, prompt length, label and metadata tag."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.evals.scorers.texts import parse_json
from vong.language_detection import detect_language
from vong.records import Example

KINDS = ("language", "length", "label", "tag")
MAX_VALUES = 50
"""Most frequent values of a slice specification that become slices."""
MAX_VALUE_CHARS = 100
"""Characters of a value that a slice name shows."""


def check_slice(spec: str) -> None:
    """Raise InvalidInput unless the text is `language`, `length`, `label`, `label:FIELD` or `tag:KEY`."""
    kind, colon, field = spec.partition(":")
    valid = kind in KINDS and (bool(field) if kind == "tag" else kind == "label" or not colon) and (field or not colon)
    if not valid:
        raise InvalidInput(f"unknown slice {spec!r}", "use language, length, label, label:FIELD or tag:KEY")


def assign_slices(examples: Mapping[int, Example], specs: Sequence[str]) -> dict[str, frozenset[int]]:
    """Return the positions of the examples in each slice, by the name of the slice such as `language=vi`.

    `language` is that of the last user message, `length` one of `short`, `medium` and `long` (thirds of the evaluated
    examples by the length of the prompt), `label` the completion, `label:FIELD` a field of a JSON completion,
    `tag:KEY` a value of the metadata (each value of a list). The name of a tag slice is `KEY=VALUE`. At most
    `MAX_VALUES` values of a specification become slices.

    Raises: InvalidInput if a specification is unknown.
    """
    found: dict[str, set[int]] = {}
    for spec in dict.fromkeys(specs):
        check_slice(spec)
        kind, _, field = spec.partition(":")
        values = _length_classes(examples) if kind == "length" else _read_values(examples, kind, field)
        name = field or kind
        frequent = {
            value for value, _ in Counter(value for one in values.values() for value in one).most_common(MAX_VALUES)
        }
        for position, own in values.items():
            for value in own & frequent:
                found.setdefault(f"{name}={value}", set()).add(position)
    return {name: frozenset(found[name]) for name in sorted(found)}


def _read_values(examples: Mapping[int, Example], kind: str, field: str) -> dict[int, set[str]]:
    if kind == "language":
        return {position: {detect_language(_last_user_text(example))} for position, example in examples.items()}
    if kind == "tag":
        return {position: set(_format_values(example.metadata.get(field))) for position, example in examples.items()}
    return {position: set(_label_values(example, field)) for position, example in examples.items()}


def _label_values(example: Example, field: str) -> Iterator[str]:
    text = example.completion_text
    if not field:
        return iter([_shorten(text)])
    value = parse_json(text)
    return _format_values(value.get(field) if isinstance(value, dict) else None)


def _format_values(value: Any) -> Iterator[str]:
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for item in items:
        if item is not None:
            yield _shorten(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, sort_keys=True))


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"


def _last_user_text(example: Example) -> str:
    return next((message.text for message in reversed(example.messages) if message.role == "user"), "")


def _length_classes(examples: Mapping[int, Example]) -> dict[int, set[str]]:
    lengths = {position: len(example.prompt_text) for position, example in examples.items()}
    ordered = sorted(lengths.values())
    if not ordered:
        return {}
    first, second = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]

    def name(length: int) -> str:
        return "short" if length < first else "medium" if length < second else "long"

    return {position: {name(length)} for position, length in lengths.items()}
