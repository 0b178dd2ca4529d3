"""Harvest: what people corrected and what they found good becomes Examples whose origin is the span."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError

from vong.records import Example, ExampleOrigin, Message, Record, Score, Span


class HarvestSettings(Record):
    """What is taken. An answer without correction is good from a mean score of `min_value` on. `name` takes scores of
    that name only. `pairs` adds the answer that was corrected as the rejected one. `split` is written on every row.
    """

    min_value: float = Field(default=0.8, ge=0, le=1)
    name: str | None = None
    pairs: bool = False
    split: str | None = Field(default=None, min_length=1, max_length=100)


class Disagreement(Record):
    """A span that several people corrected differently: their last word each. It is left to people."""

    span_id: UUID
    corrections: dict[str, str]


class Harvest(Record):
    """The Examples, in the order of the spans; how many came from corrections and how many were good as they were;
    the spans on which people disagree; and why the others gave nothing.
    """

    examples: list[Example]
    corrections: int
    good: int
    disagreements: list[Disagreement]
    passed_over: dict[str, int]


def harvest(spans: Iterable[Span], scores: Iterable[Score], settings: HarvestSettings | None = None) -> Harvest:
    """Make Examples out of judged spans. Of each author the latest word counts; the latest correction is the completion
    where all authors agree (JSON is compared by value), and nothing is guessed where they do not.
    """
    settings = settings or HarvestSettings()
    said: dict[UUID, list[Score]] = defaultdict(list)
    for score in sorted(scores, key=lambda score: (score.created_at, score.id)):
        if score.span_id is not None and settings.name in {None, score.name}:
            said[score.span_id].append(score)
    examples: list[Example] = []
    disagreements: list[Disagreement] = []
    outcomes: Counter[str] = Counter()
    for span in spans:
        found = _span(span, said.get(span.id, []), settings)
        if isinstance(found, Example):
            examples.append(found)
            outcomes["correction" if found.metadata["feedback"] == "correction" else "good"] += 1
        elif isinstance(found, Disagreement):
            disagreements.append(found)
        else:
            outcomes[found] += 1
    corrections, good = outcomes.pop("correction", 0), outcomes.pop("good", 0)
    return Harvest(
        examples=examples,
        corrections=corrections,
        good=good,
        disagreements=disagreements,
        passed_over=dict(sorted(outcomes.items())),
    )


def _span(span: Span, scores: Sequence[Score], settings: HarvestSettings) -> Example | Disagreement | str:
    """The Example of a span, the disagreement about it, or why there is neither."""
    if not scores:
        return "not scored"
    asked = conversation(span.input)
    if asked is None:
        return "no conversation"
    corrected = _corrections(scores)
    if len({_meaning(text) for text in corrected.values()}) > 1:
        return Disagreement(span_id=span.id, corrections=corrected)
    answered = answer(span.output)
    if corrected:
        return _example(span, asked, (list(corrected.values())[-1], answered), scores, settings)
    values = list({(score.name, score.author): score.value for score in scores if score.value is not None}.values())
    if not values:
        return "only comments"
    if sum(values) / len(values) < settings.min_value:
        return "score too low"
    if answered is None or span.status == "error":
        return "no answer"
    return _example(span, asked, (None, answered), scores, settings)


def conversation(body: Any) -> tuple[Message, ...] | None:
    """The messages of a request's body; None where it has none."""
    messages = body.get("messages") if isinstance(body, Mapping) else body
    return _messages(messages) if isinstance(messages, list) and messages else None


def answer(body: Any) -> Message | None:
    """The assistant's message in an answer's body (a completion of OpenAI's, a message, or text); None without one."""
    if isinstance(body, str):
        return Message(role="assistant", content=body) if body else None
    if not isinstance(body, Mapping):
        return None
    choices = body.get("choices")
    message: Any = choices[0].get("message") if isinstance(choices, list) and choices else body
    found = _messages([message]) if isinstance(message, Mapping) and "role" in message else None
    return found[0] if found and (found[0].content or found[0].tool_calls) else None


def _messages(values: Sequence[Any]) -> tuple[Message, ...] | None:
    """Messages with what Vong's training knows of them; None where one is none."""
    fields = set(Message.model_fields)
    try:
        return tuple(
            Message.model_validate({name: item for name, item in value.items() if name in fields and item is not None})
            for value in values
        )
    except (ValidationError, AttributeError):
        return None


def _corrections(scores: Sequence[Score]) -> dict[str, str]:
    """The latest correction of each author, in the order in which they were given."""
    latest: dict[str, str] = {}
    for score in scores:
        if score.correction is not None:
            author = score.author or score.source
            latest.pop(author, None)
            latest[author] = score.correction
    return latest


def _meaning(text: str) -> str:
    """Text that is equal for corrections that say the same: JSON by its value, other text by its words."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return " ".join(text.split())


def _example(
    span: Span,
    asked: tuple[Message, ...],
    answers: tuple[str | None, Message | None],
    scores: Sequence[Score],
    settings: HarvestSettings,
) -> Example:
    correction, answered = answers
    completion = answered if correction is None else Message(role="assistant", content=correction)
    worse = answered if correction is not None and answered is not None and answered.text != correction else None
    metadata: dict[str, Any] = {
        "feedback": "good" if correction is None else "correction",
        "scores": [str(score.id) for score in scores],
        "model": span.model,
        "model_version": span.versions.model_version,
        "route": span.versions.route,
        "split": settings.split,
    }
    tools = span.input.get("tools") if isinstance(span.input, Mapping) else None
    return Example(
        messages=asked,
        completion=completion,
        rejected=worse if settings.pairs else None,
        tools=tuple(tools) if isinstance(tools, list) and tools else None,
        metadata={name: value for name, value in metadata.items() if value is not None},
        origin=ExampleOrigin(kind="span", id=str(span.id)),
    )
