"""Labels of people for one task: of outputs of runs, of spans of a route, and of rows of a dataset."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import data, evals, feedback, traces
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.evals.judges import CalibrationSettings, JudgeDefinition, JudgeInput, LabelledInput
from vong.evals.judges.calibration import merge_labels, parse_label
from vong.evals.judges.calibration_store import list_labelled_runs, list_labels
from vong.evals.judges.inputs import from_example, render_conversation
from vong.evals.scorers.tool_calls import render
from vong.feedback.harvest import parse_completion, parse_messages
from vong.records import DatasetVersion, EvalResult, Example, Score, Span

SPANS_PER_QUERY = 500
LABEL_HINT = (
    "label outputs of a run (vong evals judges label RUN, or the console), send human scores of a route "
    "(vong feedback create), or name the metadata field of a dataset with label_field"
)


def collect_labels(
    platform: Platform, connection: Connection, definition: JudgeDefinition, settings: CalibrationSettings
) -> list[LabelledInput]:
    """Return the labelled inputs of a task, at most `limit`, chosen by `seed`.

    Raises: InvalidInput if the task has no label that the judge can be compared with, or a label is unusable.
    """
    task = settings.task.partition("@")[0]
    found: list[LabelledInput] = []
    if definition.form != "pairwise":
        found += _collect_from_runs(platform, connection, task)
        found += _collect_from_feedback(connection, task, settings.score_name)
    if settings.label_field or definition.form == "pairwise":
        found += _collect_from_dataset(platform, connection, definition, settings)
    merged = merge_labels(found)
    if not merged:
        raise InvalidInput(f"the task {task!r} has no labels for a {definition.kind} judge", LABEL_HINT)
    ranked = sorted(merged, key=lambda item: _random_rank(settings.seed, item.judged))
    return ranked[: settings.limit]


def _collect_from_runs(platform: Platform, connection: Connection, task: str) -> Iterator[LabelledInput]:
    for run_id in list_labelled_runs(connection, task):
        result = evals.get_run(connection, run_id)
        outputs = {output.position: output for output in evals.list_outputs(connection, run_id, limit=None)}
        examples = _read_examples(platform, connection, result)
        for label in list_labels(connection, run_id):
            output, example = outputs[label.position], examples.get(label.position)
            judged = JudgeInput(
                input=render_conversation(example.messages) if example else output.prompt,
                output=output.answer,
                reference=output.reference,
                metadata=dict(example.metadata) if example else {},
            )
            yield LabelledInput(judged=judged, label=label.value, source="run", model=result.model)


def _read_examples(platform: Platform, connection: Connection, result: EvalResult) -> dict[int, Example]:
    """Return the examples of a run by position, or none if the dataset no longer exists."""
    try:
        version = data.find(connection, result.dataset)
        return dict(enumerate(data.read(platform.blobs, version, split=result.split)))
    except NotFound:
        return {}


def _collect_from_feedback(connection: Connection, route: str, name: str | None) -> Iterator[LabelledInput]:
    """Yield the human scores of the spans of a route. The latest score of each author and name counts."""
    score_filter = feedback.ScoreFilter(route=route, source="human", kind="score", name=name)
    values: dict[UUID, dict[tuple[str | None, str], float]] = defaultdict(dict)
    for score in feedback.list_all_scores(connection, score_filter):
        _add_latest(values, score)
    ids = list(values)
    for start in range(0, len(ids), SPANS_PER_QUERY):
        for span in traces.get_spans(connection, ids[start : start + SPANS_PER_QUERY]):
            judged = _judge_input_of_span(span)
            if judged is not None:
                scores = list(values[span.id].values())
                label = sum(scores) / len(scores)
                yield LabelledInput(judged=judged, label=label, source="feedback", model=span.model)


def _add_latest(values: dict[UUID, dict[tuple[str | None, str], float]], score: Score) -> None:
    if score.span_id is not None and score.value is not None:
        values[score.span_id][score.author, score.name] = score.value


def _judge_input_of_span(span: Span) -> JudgeInput | None:
    messages, completion = parse_messages(span.input), parse_completion(span.output)
    if messages is None or completion is None or span.status == "error":
        return None
    return JudgeInput(input=render_conversation(messages), output=render(completion))


def _collect_from_dataset(
    platform: Platform, connection: Connection, definition: JudgeDefinition, settings: CalibrationSettings
) -> Iterator[LabelledInput]:
    version = data.find(connection, settings.task)
    field, used = settings.label_field, 0
    if settings.split and settings.split not in version.splits:
        raise InvalidInput(f"{version.ref} has no split {settings.split!r}", f"it has: {', '.join(version.splits)}")
    for number, example in enumerate(data.read(platform.blobs, version, split=settings.split or None)):
        value = example.metadata.get(field) if field else None
        if definition.form == "pairwise":
            if example.rejected is not None and example.completion is not None:
                used += 1
                label = parse_label(definition, value) if value is not None else 1.0
                yield _shuffle_pair(LabelledInput(judged=from_example(example), label=label, source="dataset"))
        elif value is not None and example.completion is not None:
            used += 1
            label = _parse_row_label(definition, value, version, number)
            model = example.metadata.get("model")
            judged = from_example(example)
            judged = judged.model_copy(
                update={"metadata": {name: one for name, one in judged.metadata.items() if name != field}}
            )
            yield LabelledInput(
                judged=judged, label=label, source="dataset", model=model if isinstance(model, str) else None
            )
    if not used:
        what = f"a completion and the metadata field {field!r}" if field else "a completion and a rejected answer"
        raise InvalidInput(f"no row of {version.ref} has {what}", "check the name of the field with: vong data show")


def _parse_row_label(definition: JudgeDefinition, value: Any, version: DatasetVersion, number: int) -> float:
    try:
        return parse_label(definition, value)
    except InvalidInput as error:
        raise InvalidInput(f"row {number + 1} of {version.ref}: {error.message}", error.hint) from error


def _shuffle_pair(item: LabelledInput) -> LabelledInput:
    """Return half of the pairs with their outputs exchanged, so that the better output is not always the first."""
    judged = item.judged
    if hashlib.sha256(f"{judged.input}\0{judged.output}\0{judged.other}".encode()).digest()[0] % 2:
        return item
    exchanged = judged.model_copy(update={"output": judged.other or "", "other": judged.output})
    return item.model_copy(update={"judged": exchanged, "label": 1.0 - item.label})


def _random_rank(seed: int, judged: JudgeInput) -> str:
    return hashlib.sha256(f"{seed}:{judged.hash_for(frozenset())}".encode()).hexdigest()
