"""Answers from knowledge bases connected to the gateway, the judges, the guards and the traces."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from vong import knowledge, traces
from vong.access.principal import Principal
from vong.app.answer_calls import AnswerCalls, AnswerContext
from vong.app.answer_spans import DISCONNECTED, AnswerSpan, AnswerTrace
from vong.app.answer_support import SupportJudge, find_context_tokens, find_instructions
from vong.app.knowledge import search
from vong.app.knowledge_embedders import find_embedder
from vong.app.platform import Platform
from vong.errors import NotFound, VongError, did_you_mean
from vong.knowledge.answer import (
    AnswerEvent,
    AnswerSettings,
    ConversationEntry,
    DoneEvent,
    EmbedderThresholds,
    ErrorEvent,
    RagAnswer,
    answer_question,
    find_thresholds,
)
from vong.knowledge.answer.events import PassagesEvent, QueriesEvent
from vong.knowledge.answer.store import load_answer_settings, store_answer_passages
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexes import get_index
from vong.knowledge.tables import KnowledgeBase
from vong.records import Message, Record, RetrievedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CONVERSATION_ENTRIES = 6
"""Earlier turns of a conversation that are read."""
BYTES_PER_TOKEN = 3
"""Bytes of a token if the model cannot count: fewer than English has, so that the estimate is not too small."""
ANSWER_FIELDS = {"answered", "text", "rejected_text", "citations", "sentences", "unsupported", "queries", "warnings"}
"""Fields of an answer that its span stores. The passages are those of the step `knowledge.retrieve`."""


class AskRequest(Record):
    """Question to a knowledge base, with the route or model that answers.

    `conversation` is any id of the conversation; its earlier turns are read from the traces. `turns` gives them
    instead. `settings` override those of the base; `limit` is the same as `settings.limit`. `index` is the number of an
    index; without it, the answer uses the index that is live when it begins, also if another one is switched live.
    """

    question: str = Field(min_length=1, max_length=4000)
    model: str = Field(min_length=1, max_length=500)
    conversation: str | None = Field(default=None, min_length=1, max_length=200)
    turns: tuple[ConversationEntry, ...] | None = Field(default=None, max_length=50)
    limit: int | None = Field(default=None, ge=1, le=20)
    index: int | None = Field(default=None, ge=1, le=2**31 - 1)
    settings: AnswerSettings | None = None


def ask(platform: Platform, principal: Principal, base: str, question: AskRequest) -> RagAnswer:
    """Answer a question.

    Raises: NotFound if there is no such base or judge; the error of a model call, with the name of the model.
    """
    for event in open_answer(platform, principal, base, question):
        if isinstance(event, DoneEvent):
            return event.answer
    raise VongError("the answer ended without a result")


def stream(
    platform: Platform, principal: Principal, base: str, question: AskRequest
) -> Iterator[AnswerEvent | ErrorEvent]:
    """Yield the events of an answer. An error is the last event; a missing base raises NotFound at once."""
    events = open_answer(platform, principal, base, question)

    def with_errors() -> Iterator[AnswerEvent | ErrorEvent]:
        try:
            yield from events
        except VongError as error:
            yield ErrorEvent(code=error.code, status=error.status, message=error.message, hint=error.hint or None)

    return with_errors()


def open_answer(platform: Platform, principal: Principal, base: str, question: AskRequest) -> Generator[AnswerEvent]:
    """Check the base, the settings and the judge, and return the events of the answer.

    Closing the generator stops the model call and records the answer as interrupted.
    """
    project_id = principal.project_id
    with platform.scope(project_id) as connection:
        found = find_base(connection, base)
        stored = load_answer_settings(connection, base)
        turns = question.turns or _load_turns(connection, base, question.conversation)
        context_tokens = find_context_tokens(connection, question.model)
        index = get_index(connection, base, question.index)
        embedder = find_embedder(platform, project_id, index.embedder)
    if index.state != "live":
        found = found.model_copy(update={"index_version": index.hash or str(index.id)})
    question = question.model_copy(update={"index": index.number})
    given = question.settings.model_dump(mode="json", exclude_unset=True) if question.settings else {}
    given |= {"limit": question.limit} if question.limit is not None else {}
    verification = stored.get("verification", {}) | given.get("verification", {})
    settings = AnswerSettings.model_validate(stored | given | {"verification": verification})
    context = AnswerContext(principal)
    services = _Services(platform, principal, found, question, context, embedder)
    services.context_tokens = context_tokens
    if settings.verification.judge and settings.verification.mode != "off":
        services.judging = SupportJudge(platform, context, services.calls.caller, settings.verification.judge)
    return _run(platform, base, question, settings, turns, services)


def find_base(connection: Any, base: str) -> KnowledgeBase:
    """Return a base by its name.

    Raises: NotFound if there is no such base.
    """
    bases = {known.name: known for known in knowledge.list_bases(connection)}
    if base not in bases:
        raise NotFound(f"no knowledge base named {base!r}", did_you_mean(base, list(bases), "vong knowledge list"))
    return bases[base]


def _run(
    platform: Platform,
    base: str,
    question: AskRequest,
    settings: AnswerSettings,
    turns: Sequence[ConversationEntry],
    services: "_Services",
) -> Generator[AnswerEvent]:
    root = services.trace.root
    root.set(input=question.question, base=base, model=question.model)
    finished = False
    events = answer_question(question.question, question.model, services, settings, turns)
    try:
        for event in events:
            if isinstance(event, QueriesEvent):
                root.set(queries=list(event.queries), question=event.question)
            if isinstance(event, PassagesEvent):
                root.set(chunks=[str(passage.chunk.id) for passage in event.passages])
            if not isinstance(event, DoneEvent):
                yield event
                continue
            answer = event.answer.model_copy(
                update={"answer_id": root.id, "trace_id": root.trace_id, "conversation": question.conversation}
            )
            root.set(output=answer.model_dump(mode="json", include=ANSWER_FIELDS))
            with platform.scope(services.project_id) as connection:
                store_answer_passages(connection, base, answer)
            finished = True
            services.trace.close(wait=question.conversation is not None)
            yield DoneEvent(answer=answer)
    except VongError as error:
        root.error = error.message
        raise
    except GeneratorExit:
        root.error = root.error or (None if finished else DISCONNECTED)
        raise
    finally:
        events.close()
        if not finished:
            services.trace.close()
        services.close()


def _load_turns(connection: Any, base: str, conversation: str | None) -> tuple[ConversationEntry, ...]:
    """Return the last turns of a conversation with a base, oldest first, from the spans of their answers."""
    if conversation is None:
        return ()
    filters = traces.SpanFilter(session=conversation, kind="pipeline", status="ok")
    found = traces.search_spans(connection, filters, limit=4 * MAX_CONVERSATION_ENTRIES)
    ids = [span.id for span in found if span.name == "knowledge.ask"][:MAX_CONVERSATION_ENTRIES]
    turns: list[ConversationEntry] = []
    for span in traces.get_spans(connection, ids):
        if span.attributes.get("vong.knowledge.base") != base or not isinstance(span.input, str):
            continue
        output: dict[str, Any] = span.output if isinstance(span.output, dict) else {}
        turns.append(ConversationEntry(question=span.input, answer=str(output.get("text") or "")))
    return tuple(reversed(turns))


class _Services:
    """Services of one answer: see `knowledge.answer.AnswerServices`."""

    def __init__(
        self,
        platform: Platform,
        principal: Principal,
        base: KnowledgeBase,
        question: AskRequest,
        context: AnswerContext,
        embedder: Embedder,
    ) -> None:
        self.project_id = principal.project_id
        self.index_version = base.index_version
        self.thresholds: EmbedderThresholds = find_thresholds(embedder.version)
        self.context_tokens: int | None = None
        self.calls = AnswerCalls(platform, context)
        self.judging: SupportJudge | None = None
        key = principal.actor if principal.key_id else None
        self.trace = AnswerTrace(
            platform, self.project_id, index_version=base.index_version, session=question.conversation, key=key
        )
        self._platform, self._base, self._question, self._embedder = platform, base, question, embedder
        self._counts_exactly = True

    @property
    def call_span_id(self) -> UUID | None:
        """Return the span of the last streamed model call."""
        return self.calls.call_span_id

    def step(self, name: str, kind: str = "other") -> AbstractContextManager[AnswerSpan]:
        """Record a step of the answer as a span."""
        return self.trace.step(name, kind)

    def retrieve(self, query: str, limit: int) -> list[RetrievedPassage]:
        """Return the passages that match a query, best first."""
        return search(self._platform, self.project_id, self._base.name, query, limit, index=self._question.index)

    def coverage(self, question: str, passages: Sequence[RetrievedPassage]) -> float:
        """Return the share of the words of a question in the passages."""
        with self._platform.scope(self.project_id) as connection:
            return knowledge.compute_coverage(
                connection, self._base.name, question, passages, index=self._question.index
            )

    def complete(self, messages: Sequence[Message], max_tokens: int, model: str | None = None) -> str:
        """Return the answer of a model."""
        return self.calls.complete(model or self._question.model, messages, max_tokens, self._headers)

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """Yield the parts of the answer of the model."""
        return self.calls.stream(self._question.model, messages, max_tokens, self._headers)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of messages: counted by the model, or estimated at three bytes per token."""
        counted = self.calls.count_tokens(self._question.model, messages) if self._counts_exactly else None
        self._counts_exactly = counted is not None
        return counted if counted is not None else _estimate_tokens(messages)

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return vectors of length 1 of the embedding model of the index."""
        return self._embedder.embed_passages(texts)

    def find_instructions(self, texts: Sequence[str]) -> list[bool]:
        """Check for each text if it tries to give instructions to a model."""
        return find_instructions(texts, self._platform.settings.cpu_threads)

    def judge(self, judge: str, sentence: str, passage: str) -> float | None:
        """Return the score of the judge for a sentence given a passage."""
        del judge
        return self.judging.score(sentence, passage) if self.judging else None

    def close(self) -> None:
        """Delete the delegated key."""
        self.calls.close()

    @property
    def _headers(self) -> dict[str, str]:
        session = {"x-vong-session": self._question.conversation} if self._question.conversation else {}
        return {"traceparent": self.trace.traceparent} | session


def _estimate_tokens(messages: Sequence[Message]) -> int:
    return sum(len(message.text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 4 for message in messages)
