"""Labels: detection of closed sets of values, balance, and conflicts between rows with the same input.

A label is addressed by a path: `completion` (the whole completion), `completion.intent` (a field of a completion that
is a JSON object) or `metadata.channel`. Additional dots address nested fields.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import StringConstraints

from vong.errors import InvalidInput
from vong.records import Example

LabelPath = Annotated[str, StringConstraints(pattern=r"^(completion(\.[^.]+)*|metadata(\.[^.]+)+)$")]
"""Path of a label."""

MAX_LABEL_VALUES = 50
"""Maximum number of distinct values of a detected label."""
MIN_ROWS_PER_VALUE = 5
"""Minimum mean number of rows per value of a detected label."""
MAX_VALUE_CHARS = 60
"""Maximum length of a value of a detected label, in characters."""


def parse_answer_object(example: Example) -> dict[str, Any] | None:
    """Parse the completion as a JSON object. Returns None if it is not one."""
    text = example.completion_text.strip()
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def value_at(example: Example, path: str) -> str | None:
    """Return the value at a label path as text, or None if there is none.

    Raises:
        InvalidInput: The path is not a label path.
    """
    root, *steps = path.split(".")
    if root == "metadata" and steps:
        value: Any = example.metadata
    elif root == "completion":
        value = parse_answer_object(example) if steps else (example.completion_text.strip() or None)
    else:
        raise InvalidInput(f"invalid label path {path!r}", "write completion, completion.FIELD or metadata.FIELD")
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


class LabelCounter:
    """Counter of completion field values over streamed rows; detects which fields are closed sets (labels)."""

    def __init__(self, configured: Sequence[str] = ()) -> None:
        self.rows = 0
        self.configured = tuple(configured)
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.free_text: set[str] = set()
        for path in configured:
            value_at(Example(messages=()), path)  # fail on an invalid path before a million rows are read

    def add(self, example: Example) -> None:
        """Count the values of one row."""
        self.rows += 1
        answer = parse_answer_object(example)
        if answer is not None:
            for name, value in answer.items():
                self._count_value(f"completion.{name}", value)
        elif example.completion is not None:
            self._count_value("completion", example.completion_text.strip())
        for path in self.configured:
            if path.startswith("metadata.") or "." in path.removeprefix("completion."):
                self._count_value(path, value_at(example, path))

    def find_labels(self) -> dict[str, Counter[str]]:
        """Return value counts per label: the configured paths, and all fields with few, short, repeated values."""
        return {
            path: counts
            for path, counts in self.counts.items()
            if path in self.configured or (len(counts) > 1 and self._is_closed_set(counts))
        }

    def _is_closed_set(self, counts: Counter[str]) -> bool:
        return len(counts) <= MAX_LABEL_VALUES and sum(counts.values()) >= MIN_ROWS_PER_VALUE * len(counts)

    def _count_value(self, path: str, value: Any) -> None:
        if value is None or path in self.free_text:
            return
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        counts = self.counts[path]
        counts[text] += 1
        # A field with a long value, or with very many values, is free text: its counts are dropped.
        if path not in self.configured and (len(text) > MAX_VALUE_CHARS or len(counts) > 20 * MAX_LABEL_VALUES):
            self.free_text.add(path)
            del self.counts[path]


def evenness(counts: Counter[str]) -> float:
    """Return Shannon's entropy divided by its maximum (Pielou's evenness): 1 is balanced, 0 is a single value."""
    total = sum(counts.values())
    if len(counts) < 2:
        return 0.0
    entropy = -sum(count / total * math.log(count / total) for count in counts.values())
    return entropy / math.log(len(counts))


def find_conflicts(
    groups: Iterable[Sequence[int]], examples: Mapping[int, Example] | Sequence[Example], paths: Sequence[str]
) -> list[tuple[Sequence[int], dict[str, Counter[str]]]]:
    """Return the groups of rows (identical or near-duplicate inputs) whose labels differ, with the votes per path."""
    conflicting: list[tuple[Sequence[int], dict[str, Counter[str]]]] = []
    for rows in groups:
        votes_by_path: dict[str, Counter[str]] = {}
        for path in paths:
            votes = Counter(value for row in rows if (value := value_at(examples[row], path)) is not None)
            if len(votes) > 1:
                votes_by_path[path] = votes
        if votes_by_path:
            conflicting.append((rows, votes_by_path))
    return conflicting


def copy_value(example: Example, path: str, donor: Example) -> Example:
    """Return the Example with the donor's value at a label path.

    A JSON completion keeps the order and spacing of its keys.
    """
    root, *steps = path.split(".")
    if root == "metadata":
        return example.model_copy(update={"metadata": _with_nested_value(example.metadata, steps, donor.metadata)})
    if example.completion is None or donor.completion is None:
        return example
    if not steps:
        text = donor.completion_text
    else:
        current, source = parse_answer_object(example), parse_answer_object(donor)
        if current is None or source is None:
            return example
        has_spaces = example.completion_text.strip() == json.dumps(current, ensure_ascii=False)
        separators = (", ", ": ") if has_spaces else (",", ":")
        text = json.dumps(_with_nested_value(current, steps, source), ensure_ascii=False, separators=separators)
    return example.model_copy(update={"completion": example.completion.model_copy(update={"content": text})})


def _with_nested_value(value: Mapping[str, Any], steps: Sequence[str], donor: Mapping[str, Any]) -> dict[str, Any]:
    step, *nested_steps = steps
    replacement = _with_nested_value(value[step], nested_steps, donor[step]) if nested_steps else donor[step]
    return {**value, step: replacement}
