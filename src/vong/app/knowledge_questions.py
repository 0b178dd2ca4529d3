"""Questions of knowledge bases connected to models and traces: generate them, and take them from rated answers."""

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError
from sqlalchemy import Connection

from vong import feedback, jobs, traces
from vong.access.principal import Principal
from vong.app.caller_client import CallerClient, caller_params
from vong.app.chat_client import GatewayChatClient
from vong.app.distillation import check_model_names
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound, UpstreamFailed
from vong.jobs import JobContext
from vong.knowledge.documents import check_base_exists
from vong.knowledge.index.indexes import get_index
from vong.knowledge.question import MAX_QUESTION_CHARACTERS, ExpectedPassage, QuestionContent
from vong.knowledge.question_generation import (
    GenerationSettings,
    SourcePassage,
    build_generation_messages,
    drop_repeated,
    parse_generated,
    sample_passages,
)
from vong.knowledge.questions import AddedQuestions, QuestionOrigin, add_questions
from vong.records import Job, Record, Score, Span
from vong.records.trace import SpanNode

GENERATE = "knowledge.generate_questions"
"""Kind of the job that generates questions."""
ASK_SPAN = "knowledge.ask"
"""Name of the span of an answered question, whose input is the question."""
MAX_SCORES = 5_000
"""Number of the newest scores that are searched for rated answers."""
MAX_LOGGED_REASONS = 20
GENERATION_PARAMS = {"temperature": 0.3}


class TraceQuestionsRequest(Record):
    """Rated answers to turn into questions.

    Spans of `ask` with a score of at least `min_score` count; `since` limits the scores by time. A correction replaces
    the answer. With `accept` the questions are accepted at once, otherwise a person reviews them.
    """

    min_score: float = Field(default=0.75, ge=0, le=1, allow_inf_nan=False)
    since: datetime | None = None
    limit: int = Field(default=200, ge=1, le=2_000)
    accept: bool = False


def start_generation(
    platform: Platform,
    connection: Connection,
    base: str,
    settings: GenerationSettings,
    *,
    principal: Principal,
    key: str | None = None,
) -> Job:
    """Submit the job that generates questions of a base. Its questions are proposed until a person reviews them.

    Raises: NotFound if the base or the model does not exist; OutOfScope if the key may not call the model.
    """
    check_base_exists(connection, base)
    check_model_names(platform, connection, [settings.model], principal)
    params = {
        "base": base,
        "settings": settings.model_dump(mode="json"),
        "by": principal.actor,
        **caller_params(principal),
    }
    return jobs.submit(connection, GENERATE, params, key=key)


def generate(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.generate_questions`. A restart asks no passage again."""
    base, settings = str(job.params["base"]), GenerationSettings.model_validate(job.params["settings"])
    passages = [SourcePassage(*one) for one in job.step("passages", lambda: _sample(job, platform, base, settings))]
    if not passages:
        raise InvalidInput(
            f"the base {base!r} has no passage that is long enough for a question", "upload documents with text"
        )
    caller = CallerClient(platform, job)
    counts = {"passages": 0, "added": 0, "dropped": 0}

    def ask(passage: SourcePassage) -> dict[str, Any]:
        return _ask(GatewayChatClient(caller.http, settings.model, job, bypass_cache=True), passage, settings)

    try:
        for start in range(0, len(passages), settings.concurrency):
            if counts["added"] >= settings.count:
                break
            job.progress(counts["added"], settings.count, unit="questions")
            batch = passages[start : start + settings.concurrency]
            with ThreadPoolExecutor(len(batch)) as pool:
                answers = list(
                    pool.map(lambda item: job.step(f"passage {item[0]}", lambda: ask(item[1])), enumerate(batch, start))
                )
            for answer in answers:
                counts["passages"] += 1
                _store(job, platform, base, settings, answer, counts)
    finally:
        caller.close()
    return {"base": base, **counts}


def _sample(job: JobContext, platform: Platform, base: str, settings: GenerationSettings) -> list[list[str]]:
    """Return twice as many passages as needed, because some answer no useful question."""
    with platform.scope(job.project_id) as connection:
        index = get_index(connection, base)
        needed = -(-settings.count // settings.per_passage)
        return [list(one) for one in sample_passages(connection, index.id, 2 * needed, settings.seed)]


def _ask(client: GatewayChatClient, passage: SourcePassage, settings: GenerationSettings) -> dict[str, Any]:
    messages = build_generation_messages(passage, settings.per_passage, f"passage-{secrets.token_hex(4)}")
    output = client(messages, {**GENERATION_PARAMS, "max_tokens": settings.max_tokens})
    if output.error is not None:
        raise UpstreamFailed(f"the model {settings.model!r} failed: {output.error}", "retry the job")
    questions, dropped = parse_generated(output.text, passage, settings.per_passage)
    return {
        "path": passage.path,
        "span": str(output.span_id) if output.span_id else None,
        "questions": [one.model_dump(mode="json") for one in questions],
        "dropped": dropped,
    }


def _store(
    job: JobContext,
    platform: Platform,
    base: str,
    settings: GenerationSettings,
    answer: dict[str, Any],
    counts: dict[str, int],
) -> None:
    """Add the questions of one passage. A question that is stored already is not added again."""
    contents = drop_repeated([QuestionContent.model_validate(one) for one in answer["questions"]])
    contents = contents[: settings.count - counts["added"]]
    details = {"model": settings.model, "path": answer["path"], "span_id": answer["span"], "job": str(job.id)}
    origin = QuestionOrigin("generated", str(job.params["by"]), "proposed", details)
    with platform.scope(job.project_id) as connection:
        add_questions(connection, base, contents, origin)
    counts["added"] += len(contents)
    counts["dropped"] += len(answer["dropped"])
    if answer["dropped"] and counts["dropped"] <= MAX_LOGGED_REASONS:
        job.log(f"{answer['path']}: {'; '.join(answer['dropped'])}")


def add_from_traces(connection: Connection, base: str, request: TraceQuestionsRequest, by: str) -> AddedQuestions:
    """Add questions from rated answers of a base: the question, the cited passages and the answer.

    Raises: NotFound if there is no such base.
    """
    check_base_exists(connection, base)
    added = AddedQuestions(added=0, changed=0, unchanged=0)
    for span, score in _find_rated(connection, base, request):
        content = _to_content(span, score)
        if content is None:
            continue
        details = {"span_id": str(span.id), "trace_id": span.trace_id, "score": score.value, "author": score.author}
        origin = QuestionOrigin("trace", by, "accepted" if request.accept else "proposed", details)
        one = add_questions(connection, base, [content], origin)
        added = AddedQuestions(
            added=added.added + one.added,
            changed=added.changed + one.changed,
            unchanged=added.unchanged + one.unchanged,
            ids=(*added.ids, *one.ids),
        )
        if added.added >= request.limit:
            break
    return added


def _find_rated(connection: Connection, base: str, request: TraceQuestionsRequest) -> Iterator[tuple[Span, Score]]:
    """Yield the answered questions of a base with their scores, newest scores first. Each question once."""
    scores = feedback.list_scores(
        connection, feedback.ScoreFilter(since=request.since), limit=MAX_SCORES, newest_first=True
    )
    rated = [
        score
        for score in scores
        if score.span_id is not None and (score.correction or (score.value or 0.0) >= request.min_score)
    ]
    seen: set[UUID] = set()
    for score in rated:
        span = _find_ask_span(connection, score)
        if span is not None and span.id not in seen and _is_of_base(span, base):
            seen.add(span.id)
            yield span, score


def _find_ask_span(connection: Connection, score: Score) -> Span | None:
    """Return the span of the question whose answer, or a call below it, was rated."""
    try:
        span = traces.get_span(connection, score.span_id) if score.span_id else None
        if span is None or span.name == ASK_SPAN:
            return span
        nodes = _walk(traces.get_trace(connection, span.trace_id).roots)
        found = next((node.span.id for node in nodes if node.span.name == ASK_SPAN), None)
        return traces.get_span(connection, found) if found else None
    except NotFound:
        return None


def _walk(nodes: Sequence[SpanNode]) -> Iterator[SpanNode]:
    for node in nodes:
        yield node
        yield from _walk(node.children)


def _is_of_base(span: Span, base: str) -> bool:
    return span.attributes.get("vong.knowledge.base") == base


def _to_content(span: Span, score: Score) -> QuestionContent | None:
    """Return the question of a span. Returns None if its body is not stored or it was not answered."""
    output: Any = span.output if isinstance(span.output, dict) else {}
    question = span.input if isinstance(span.input, str) else (span.input or {}).get("question")
    if not isinstance(question, str) or not question.strip():
        return None
    citations = output.get("citations") or []
    passages = tuple(
        ExpectedPassage(path=str(one["path"]), quote=str(one.get("quote") or ""))
        for one in citations
        if isinstance(one, dict) and one.get("path")
    )
    answer = score.correction or (str(output.get("text") or "") if output.get("answered") else "")
    try:
        return QuestionContent(
            question=question[:MAX_QUESTION_CHARACTERS],
            passages=tuple({(one.path, one.quote): one for one in passages}.values()),
            answer=answer.strip() or None,
        )
    except ValidationError:
        return None
