"""Labels: closed sets of answers, how they are balanced, and where one input has several.

A label has a path: `completion` (the whole answer), `completion.intent` (a field of an answer that is a JSON object)
or `metadata.channel`. Deeper fields are reached with more dots.
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
"""The path of a label."""

MOST_VALUES = 50
ROWS_A_VALUE = 5
LONGEST_VALUE = 60


def answer_object(example: Example) -> dict[str, Any] | None:
    """The completion as a JSON object; None where it is not one."""
    text = example.answer.strip()
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def at(example: Example, path: str) -> str | None:
    """The value at a path, as text; None where there is none. InvalidInput for a path of another kind."""
    root, *steps = path.split(".")
    if root == "metadata" and steps:
        value: Any = example.metadata
    elif root == "completion":
        value = answer_object(example) if steps else (example.answer or None)
    else:
        raise InvalidInput(
            f"{path!r} is not the path of a label", "write completion, completion.FIELD or metadata.FIELD"
        )
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


class LabelCounter:
    """Counts values of answer fields while rows stream by, and says afterwards which are closed sets."""

    def __init__(self, given: Sequence[str] = ()) -> None:
        self.rows = 0
        self.given = tuple(given)
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.free: set[str] = set()
        for path in given:
            at(Example(messages=()), path)  # a wrong path fails here, not after a million rows

    def add(self, example: Example) -> None:
        """Count one row."""
        self.rows += 1
        answer = answer_object(example)
        if answer is not None:
            for name, value in answer.items():
                self._count(f"completion.{name}", value)
        elif example.completion is not None:
            self._count("completion", example.answer.strip())
        for path in self.given:
            if path.startswith("metadata.") or "." in path.removeprefix("completion."):
                self._count(path, at(example, path))

    def closed(self) -> dict[str, Counter[str]]:
        """The labels: the given paths, and every answer field with few, short, repeated values."""
        return {
            path: counts
            for path, counts in self.counts.items()
            if path in self.given or (len(counts) > 1 and self._few(counts))
        }

    def _few(self, counts: Counter[str]) -> bool:
        return len(counts) <= MOST_VALUES and sum(counts.values()) >= ROWS_A_VALUE * len(counts)

    def _count(self, path: str, value: Any) -> None:
        if value is None or path in self.free:
            return
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        counts = self.counts[path]
        counts[text] += 1
        # A field with a long value, or with very many, is free text: nothing of it is kept.
        if path not in self.given and (len(text) > LONGEST_VALUE or len(counts) > 20 * MOST_VALUES):
            self.free.add(path)
            del self.counts[path]


def evenness(counts: Counter[str]) -> float:
    """Shannon's entropy over its greatest value (Pielou's evenness): 1 is perfect balance, 0 a single value."""
    total = sum(counts.values())
    if len(counts) < 2:
        return 0.0
    entropy = -sum(count / total * math.log(count / total) for count in counts.values())
    return entropy / math.log(len(counts))


def conflicts(
    groups: Iterable[Sequence[int]], examples: Mapping[int, Example] | Sequence[Example], paths: Sequence[str]
) -> list[tuple[Sequence[int], dict[str, Counter[str]]]]:
    """The groups of rows (same or near-duplicate input) whose labels differ: the rows, and the votes per path."""
    found: list[tuple[Sequence[int], dict[str, Counter[str]]]] = []
    for rows in groups:
        split: dict[str, Counter[str]] = {}
        for path in paths:
            votes = Counter(value for row in rows if (value := at(examples[row], path)) is not None)
            if len(votes) > 1:
                split[path] = votes
        if split:
            found.append((rows, split))
    return found


def put(example: Example, path: str, donor: Example) -> Example:
    """The Example with the donor's value at that path. A JSON answer keeps the order and spacing of its keys."""
    root, *steps = path.split(".")
    if root == "metadata":
        return example.model_copy(update={"metadata": _grafted(example.metadata, steps, donor.metadata)})
    if example.completion is None or donor.completion is None:
        return example
    if not steps:
        text = donor.answer
    else:
        before, giver = answer_object(example), answer_object(donor)
        if before is None or giver is None:
            return example
        spaced = example.answer.strip() == json.dumps(before, ensure_ascii=False)
        separators = (", ", ": ") if spaced else (",", ":")
        text = json.dumps(_grafted(before, steps, giver), ensure_ascii=False, separators=separators)
    return example.model_copy(update={"completion": example.completion.model_copy(update={"content": text})})


def _grafted(value: Mapping[str, Any], steps: Sequence[str], donor: Mapping[str, Any]) -> dict[str, Any]:
    step, *deeper = steps
    given = _grafted(value[step], deeper, donor[step]) if deeper else donor[step]
    return {**value, step: given}
