"""Harvest: examples from corrected spans and from spans with good scores."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError

from vong.records import Example, ExampleOrigin, Message, Record, Score, Span


class HarvestSettings(Record):
    """Settings of a harvest.

    An uncorrected completion counts as good if its mean score is at least `min_value`. `name` selects scores of that
    name. `pairs` adds the corrected completion as the rejected one. `split` is recorded in every example.
    """

    min_value: float = Field(default=0.8, ge=0, le=1)
    name: str | None = None
    pairs: bool = False
    split: str | None = Field(default=None, min_length=1, max_length=100)


class Disagreement(Record):
    """Span with contradicting corrections: the latest of each author. It yields no example."""

    span_id: UUID
    corrections: dict[str, str]


class Harvest(Record):
    """Result of a harvest: examples in the order of the spans, and the outcome of all other spans.

    `corrections` and `good` count the examples from corrections and from good completions. `disagreements` lists the
    spans with contradicting corrections. `skipped` counts the remaining spans by reason.
    """

    examples: list[Example]
    corrections: int
    good: int
    disagreements: list[Disagreement]
    skipped: dict[str, int]


def harvest(spans: Iterable[Span], scores: Iterable[Score], settings: HarvestSettings | None = None) -> Harvest:
    """Create examples from scored spans.

    Only the latest correction of each author counts. If all authors agree (JSON is compared by value), the latest
    correction becomes the completion; otherwise the span is reported as a disagreement.
    """
    settings = settings or HarvestSettings()
    scores_by_span: dict[UUID, list[Score]] = defaultdict(list)
    for score in sorted(scores, key=lambda score: (score.created_at, score.id)):
        if score.span_id is not None and settings.name in {None, score.name}:
            scores_by_span[score.span_id].append(score)
    examples: list[Example] = []
    disagreements: list[Disagreement] = []
    outcomes: Counter[str] = Counter()
    for span in spans:
        outcome = _harvest_span(span, scores_by_span.get(span.id, []), settings)
        if isinstance(outcome, Example):
            examples.append(outcome)
            outcomes["correction" if outcome.metadata["feedback"] == "correction" else "good"] += 1
        elif isinstance(outcome, Disagreement):
            disagreements.append(outcome)
        else:
            outcomes[outcome] += 1
    corrections, good = outcomes.pop("correction", 0), outcomes.pop("good", 0)
    return Harvest(
        examples=examples,
        corrections=corrections,
        good=good,
        disagreements=disagreements,
        skipped=dict(sorted(outcomes.items())),
    )


def _harvest_span(span: Span, scores: Sequence[Score], settings: HarvestSettings) -> Example | Disagreement | str:
    """Return the example of a span, the disagreement about it, or the reason why it yields neither."""
    if not scores:
        return "not scored"
    prompt = parse_messages(span.input)
    if prompt is None:
        return "no conversation"
    corrections = _latest_corrections(scores)
    if len({_normalize_correction(text) for text in corrections.values()}) > 1:
        return Disagreement(span_id=span.id, corrections=corrections)
    completion = parse_completion(span.output)
    if corrections:
        return _build_example(span, prompt, (list(corrections.values())[-1], completion), scores, settings)
    values = list({(score.name, score.author): score.value for score in scores if score.value is not None}.values())
    if not values:
        return "only comments"
    if sum(values) / len(values) < settings.min_value:
        return "score too low"
    if completion is None or span.status == "error":
        return "no answer"
    return _build_example(span, prompt, (None, completion), scores, settings)


def parse_messages(body: Any) -> tuple[Message, ...] | None:
    """Return the messages of a request body. Returns None if it has none."""
    messages = body.get("messages") if isinstance(body, Mapping) else body
    return _validate_messages(messages) if isinstance(messages, list) and messages else None


def parse_completion(body: Any) -> Message | None:
    """Return the assistant message of a response body (OpenAI format, a message or text). Returns None without one."""
    if isinstance(body, str):
        return Message(role="assistant", content=body) if body else None
    if not isinstance(body, Mapping):
        return None
    choices = body.get("choices")
    message: Any = choices[0].get("message") if isinstance(choices, list) and choices else body
    parsed = _validate_messages([message]) if isinstance(message, Mapping) and "role" in message else None
    return parsed[0] if parsed and (parsed[0].content or parsed[0].tool_calls) else None


def _validate_messages(values: Sequence[Any]) -> tuple[Message, ...] | None:
    """Return the messages with the fields of `Message`. Returns None if one is invalid."""
    fields = set(Message.model_fields)
    try:
        return tuple(
            Message.model_validate({name: item for name, item in value.items() if name in fields and item is not None})
            for value in values
        )
    except (ValidationError, AttributeError):
        return None


def _latest_corrections(scores: Sequence[Score]) -> dict[str, str]:
    """Return the latest correction of each author, in order of creation."""
    latest: dict[str, str] = {}
    for score in scores:
        if score.correction is not None:
            author = score.author or score.source
            latest.pop(author, None)
            latest[author] = score.correction
    return latest


def _normalize_correction(text: str) -> str:
    """Return a form that is equal for equivalent corrections: JSON by value, other text by words."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return " ".join(text.split())


def _build_example(
    span: Span,
    prompt: tuple[Message, ...],
    completions: tuple[str | None, Message | None],
    scores: Sequence[Score],
    settings: HarvestSettings,
) -> Example:
    correction, original = completions
    completion = original if correction is None else Message(role="assistant", content=correction)
    rejected = original if correction is not None and original is not None and original.text != correction else None
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
        messages=prompt,
        completion=completion,
        rejected=rejected if settings.pairs else None,
        tools=tuple(tools) if isinstance(tools, list) and tools else None,
        metadata={name: value for name, value in metadata.items() if value is not None},
        origin=ExampleOrigin(kind="span", id=str(span.id)),
    )
