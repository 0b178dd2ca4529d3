"""Scores of texts that exist already: given ones, rows of a dataset, outputs of a run, spans, and conversations."""

from collections.abc import Sequence
from threading import Event
from typing import Any
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import Connection

from vong import data, evals, feedback, traces
from vong.access.principal import Principal
from vong.app.caller_client import find_caller
from vong.app.platform import Platform
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import InvalidInput, NotFound
from vong.evals import scoring
from vong.evals.references import collect_references, read_texts
from vong.evals.scorers import ScorerInput
from vong.evals.scorers.texts import dump_json, to_storable_text
from vong.evals.scorers.tool_calls import render
from vong.evals.specs import ScorerSpec
from vong.feedback.harvest import parse_completion, parse_messages
from vong.records import Example, Message, Record, Span

MAX_SCORED = 10_000
"""Outputs that one request may score."""
SOURCES = ("inputs", "dataset", "run", "span", "session")


class ScoreItem(Record):
    """Output to score, with what its scorers need. `message` holds tool calls, `expected` those that are right."""

    id: str = ""
    output: str = ""
    references: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    message: Message | None = None
    expected: Message | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    metadata: dict[str, Any] = {}
    samples: tuple[str, ...] = ()
    finish_reason: str | None = None
    latency_ms: float | None = None
    cost: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    def to_input(self) -> ScorerInput:
        """Return the input of scorers."""
        references = self.references or ((render(self.expected),) if self.expected else ())
        return ScorerInput(
            output=render(self.message) if self.message else self.output,
            references=references,
            messages=self.messages,
            message=self.message,
            expected=self.expected or (Message(role="assistant", content=references[0]) if references else None),
            tools=self.tools,
            metadata=self.metadata,
            finish_reason=self.finish_reason,
            latency_ms=self.latency_ms,
            cost=self.cost,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            samples=self.samples,
        )


class ScoreRequest(Record):
    """Outputs to score: exactly one of `inputs`, `dataset`, `run`, `span` and `session`.

    `dataset` with `split` scores rows whose outputs exist: in the metadata field `output_field`, with the completion as
    reference; without this field the completion is the output. `references_field` is a metadata field with one or more
    references. `run` scores the stored outputs of an evaluation again. `span` scores a recorded call or step, `session`
    all calls of a conversation. Their references are `references`, or else the corrections of people. `model` only
    selects the calls of one model.
    """

    scorers: tuple[str | ScorerSpec, ...] = Field(default=("exact_match",), min_length=1)
    inputs: tuple[ScoreItem, ...] = Field(default=(), max_length=MAX_SCORED)
    dataset: str | None = None
    split: str = "test"
    output_field: str = ""
    references_field: str = ""
    run: UUID | None = None
    span: UUID | None = None
    session: str | None = None
    references: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_source(self) -> "ScoreRequest":
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"set exactly one of {', '.join(SOURCES)}; given: {', '.join(given) or 'none'}")
        return self


class ScoredText(Record):
    """Scores of one output. `details` explains them, `warnings` says what scorers cannot score well."""

    id: str
    scores: dict[str, float]
    details: dict[str, str] = {}
    warnings: tuple[str, ...] = ()


class ScoreReport(Record):
    """Scores of outputs: the totals over all of them, how each was computed, and those of each output."""

    n: int
    scores: dict[str, float]
    signatures: dict[str, str]
    results: tuple[ScoredText, ...]


class _RequestContext:
    """Context of the model calls of scorers during a request, in place of that of a job."""

    def __init__(self, principal: Principal) -> None:
        caller = find_caller(principal)
        self.project_id = principal.project_id
        self.params: dict[str, Any] = {"caller": [id and str(id) for id in caller]} if caller else {}
        self.stop_event = Event()

    def check(self) -> None:
        """Do nothing: a request is not cancelled."""


def score_texts(platform: Platform, principal: Principal, request: ScoreRequest) -> ScoreReport:
    """Score outputs that exist already.

    Raises: NotFound if a scorer, dataset, run, span or session does not exist; InvalidInput if there is nothing to
    score or too much.
    """
    with platform.scope(principal.project_id) as connection:
        inputs = _collect(platform, connection, request)
    if not inputs:
        raise InvalidInput("there is no output to score", "choose another split, span or session")
    if len(inputs) > MAX_SCORED:
        raise InvalidInput(
            f"{len(inputs)} outputs are more than {MAX_SCORED}",
            "score a smaller split, or start a run with: vong evals run",
        )
    services = PlatformScorerServices(platform, _RequestContext(principal))
    try:
        return score_all(scoring.build_scorers(request.scorers, services), inputs)
    finally:
        services.close()


def score_all(scorers: Sequence[scoring.ConfiguredScorer], inputs: Sequence[tuple[str, ScorerInput]]) -> ScoreReport:
    """Return the scores of outputs with their ids."""
    measured = [scoring.score_input(scorers, scored) for _, scored in inputs]
    results = tuple(
        ScoredText(
            id=id,
            scores={metric: one.value for metric, one in values.items()},
            details={metric: to_storable_text(one.detail) for metric, one in values.items() if one.detail},
            warnings=tuple(scoring.collect_warnings(scorers, scored)),
        )
        for (id, scored), values in zip(inputs, measured, strict=True)
    )
    several = any(len(scored.references) > 1 for _, scored in inputs)
    signatures = scoring.collect_signatures(scorers, several_references=several)
    totals = scoring.compute_totals(scorers, measured)
    return ScoreReport(n=len(inputs), scores=totals, signatures=signatures, results=results)


def span_to_input(span: Span, references: Sequence[str] = ()) -> ScorerInput:
    """Return what scorers know of a span: a model call, or a step of a pipeline with its input and output as text."""
    message = parse_completion(span.output)
    body: dict[str, Any] = span.output if isinstance(span.output, dict) else {}
    choices: Any = body.get("choices")
    finish = choices[0].get("finish_reason") if isinstance(choices, list) and choices else None
    tools: Any = span.input.get("tools") if isinstance(span.input, dict) else None
    prompt = parse_messages(span.input) or (Message(role="user", content=_to_text(span.input)),)
    return ScorerInput(
        output=render(message) if message else _to_text(span.output),
        references=tuple(references),
        messages=prompt,
        message=message,
        expected=Message(role="assistant", content=references[0]) if references else None,
        tools=tuple(tools) if isinstance(tools, list) and tools else None,
        metadata=dict(span.attributes),
        finish_reason=finish if isinstance(finish, str) else None,
        latency_ms=span.duration_ms,
        cost=span.usage.cost,
        input_tokens=span.usage.input_tokens,
        output_tokens=span.usage.output_tokens,
        error=span.error if span.status == "error" else None,
    )


def _collect(platform: Platform, connection: Connection, request: ScoreRequest) -> list[tuple[str, ScorerInput]]:
    if request.inputs:
        return [(item.id or str(number), item.to_input()) for number, item in enumerate(request.inputs)]
    if request.dataset:
        return _read_rows(platform, connection, request)
    if request.run:
        return _read_run(platform, connection, request.run)
    if request.span:
        spans = [traces.get_span(connection, request.span)]
    else:
        spans = _read_session(connection, str(request.session))
    return [
        (str(span.id), span_to_input(span, request.references or _find_corrections(connection, span))) for span in spans
    ]


def _read_session(connection: Connection, session: str) -> list[Span]:
    """Return the model calls of a conversation, oldest first.

    Raises: NotFound if there are none.
    """
    query = traces.SpanFilter(session=session, kind="chat")
    found = traces.search_spans(connection, query, limit=500)
    if not found:
        raise NotFound(f"no model call of the session {session!r}", "list sessions with: vong traces list")
    return traces.get_spans(connection, [summary.id for summary in reversed(found)])


def _find_corrections(connection: Connection, span: Span) -> tuple[str, ...]:
    """Return the corrections that people gave for a span, the newest first."""
    scores = feedback.list_scores(connection, spans=(span.id,), limit=500)
    return tuple(dict.fromkeys(score.correction for score in reversed(scores) if score.correction is not None))


def _read_rows(platform: Platform, connection: Connection, request: ScoreRequest) -> list[tuple[str, ScorerInput]]:
    version = data.find(connection, str(request.dataset))
    if request.split not in version.splits:
        raise InvalidInput(
            f"{version.ref} has no split {request.split!r}", f"it has: {', '.join(version.splits) or 'none'}"
        )
    rows = list(data.read(platform.blobs, version, split=request.split))
    return [(str(number), _row_to_input(row, request)) for number, row in enumerate(rows)]


def _row_to_input(row: Example, request: ScoreRequest) -> ScorerInput:
    own = read_texts(row.metadata.get(request.references_field)) if request.references_field else []
    if own is None:
        raise InvalidInput(
            f"the metadata field {request.references_field!r} is not a list of texts", "store texts in it"
        )
    if not request.output_field:
        expected = Message(role="assistant", content=own[0]) if own else None
        return ScorerInput(
            output=render(row.completion),
            references=tuple(own),
            messages=row.messages,
            message=row.completion,
            expected=expected,
            tools=row.tools,
            metadata=row.metadata,
        )
    value = row.metadata.get(request.output_field)
    message = Message.model_validate(value) if isinstance(value, dict) and "role" in value else None
    return ScorerInput(
        output=render(message) if message else _to_text(value),
        references=tuple(dict.fromkeys([render(row.completion), *own])) if row.completion else tuple(own),
        messages=row.messages,
        message=message,
        expected=row.completion,
        tools=row.tools,
        metadata=row.metadata,
    )


def _read_run(platform: Platform, connection: Connection, id: UUID) -> list[tuple[str, ScorerInput]]:
    """Return the stored outputs of a run with their examples."""
    result = evals.get_run(connection, id)
    version = data.find(connection, result.dataset)
    examples = dict(enumerate(data.read(platform.blobs, version, split=result.split)))
    outputs = evals.list_outputs(connection, id, limit=None)
    used = {output.position: examples[output.position] for output in outputs if output.position in examples}
    references = collect_references(used, result.settings.get("references")) if used else {}
    inputs: list[tuple[str, ScorerInput]] = []
    for output in outputs:
        example = used.get(output.position)
        inputs.append(
            (
                str(output.position),
                ScorerInput(
                    output=output.answer,
                    references=references.get(output.position, (output.reference,)),
                    messages=example.messages if example else (),
                    message=Message.model_validate(output.message) if output.message else None,
                    expected=example.completion if example else None,
                    tools=example.tools if example else None,
                    metadata=example.metadata if example else {},
                    finish_reason=output.finish_reason,
                    latency_ms=output.latency_ms,
                    cost=output.cost,
                    input_tokens=output.input_tokens,
                    output_tokens=output.output_tokens,
                    error=output.error,
                    samples=tuple(output.samples or ()),
                ),
            )
        )
    return inputs


def _to_text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else dump_json(value)
