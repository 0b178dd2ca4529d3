"""Services of an answer without a database and without a model: scripted retrieval, model calls and vectors."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import UUID

import numpy as np

from vong.knowledge.answer import AnswerSettings, ConversationEntry, DoneEvent, EmbedderThresholds, RagAnswer
from vong.knowledge.answer.pipeline import answer_question
from vong.records import Chunk, Message, RetrievedPassage, new_id

WORDS_ONLY = EmbedderThresholds()


def make_passage(text: str, *, path: str = "guide.md", heading: str = "Guide", **fields: Any) -> RetrievedPassage:
    chunk_fields = {name: fields.pop(name) for name in ("start", "page") if name in fields}
    start = chunk_fields.get("start", 0)
    chunk = Chunk(
        id=new_id(),
        document_id=new_id(),
        position=0,
        text=text,
        heading=heading,
        **{"start": start, "end": start + len(text), **chunk_fields},
    )
    values: dict[str, Any] = {"score": 1.0, "similarity": 0.9, **fields}
    return RetrievedPassage(chunk=chunk, path=path, title="Guide", **values)


class RecordedSpan:
    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, Any] = {}

    def set(self, **values: Any) -> None:
        self.values |= values


class ScriptedServices:
    """Services that return the given passages and texts, and record what they are asked."""

    index_version = "v1"
    thresholds = WORDS_ONLY
    call_span_id: UUID | None = None

    def __init__(
        self,
        passages: Sequence[RetrievedPassage],
        answer: str = "",
        *,
        completions: Sequence[str] = (),
        covered: float = 1.0,
        context_tokens: int | None = None,
        attacks: Sequence[str] = (),
        judged: float | None = None,
    ) -> None:
        self.passages, self.answer, self.covered = list(passages), answer, covered
        self.context_tokens = context_tokens
        self.completions, self.attacks, self.judged = list(completions), attacks, judged
        self.queries: list[str] = []
        self.sent: list[list[Message]] = []
        self.spans: list[RecordedSpan] = []
        self.closed = False

    def step(self, name: str, kind: str = "other") -> Any:
        self.spans.append(RecordedSpan(name))
        return nullcontext(self.spans[-1])

    def retrieve(self, query: str, limit: int) -> list[RetrievedPassage]:
        self.queries.append(query)
        return self.passages[:limit]

    def coverage(self, question: str, passages: Sequence[RetrievedPassage]) -> float:
        return self.covered

    def complete(self, messages: Sequence[Message], max_tokens: int, model: str | None = None) -> str:
        self.sent.append(list(messages))
        return self.completions.pop(0)

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        self.sent.append(list(messages))
        try:
            for word in self.answer.split(" "):
                yield word + " "
        finally:
            self.closed = True

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)

    def embed(self, texts: Sequence[str]) -> Any:
        return np.ones((len(texts), 1), dtype=np.float32)

    def find_instructions(self, texts: Sequence[str]) -> list[bool]:
        return [any(attack in text for attack in self.attacks) for text in texts]

    def judge(self, judge: str, sentence: str, passage: str) -> float | None:
        return self.judged


def answer(
    services: ScriptedServices, question: str, turns: Sequence[ConversationEntry] = (), **settings: Any
) -> RagAnswer:
    """Return the answer of the last event."""
    events = list(answer_question(question, "test", services, AnswerSettings.model_validate(settings), turns))
    assert isinstance(events[-1], DoneEvent)
    return events[-1].answer
