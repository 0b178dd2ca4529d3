"""Questions of a knowledge base with the passages or the answer that they expect."""

import hashlib
import unicodedata
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from vong.records import Record

QuestionState = Literal["proposed", "accepted", "rejected"]
QuestionSource = Literal["own", "generated", "trace"]

MAX_QUESTION_CHARACTERS = 4_000
MAX_ANSWER_CHARACTERS = 20_000
MAX_EXPECTED_PASSAGES = 50


class ExpectedPassage(Record):
    """Passage that retrieval should return: a quote from a document, or the whole document if there is no quote.

    The quote is compared with the words of the retrieved passages, so that the same question set evaluates any chunker
    and loader. `relevance` is the gain in nDCG.
    """

    path: str = Field(min_length=1, max_length=2_000)
    quote: str = Field(default="", max_length=MAX_ANSWER_CHARACTERS)
    relevance: int = Field(default=1, ge=1, le=10)


class QuestionContent(Record):
    """Question with the passages that answer it, or the expected answer, or both.

    `answerable` is false for a question that the documents do not answer; such a question has no passages and no
    answer.
    """

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    passages: tuple[ExpectedPassage, ...] = Field(default=(), max_length=MAX_EXPECTED_PASSAGES)
    answer: str | None = Field(default=None, min_length=1, max_length=MAX_ANSWER_CHARACTERS)
    answerable: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.question.strip():
            raise ValueError("the question is empty: write a question")
        if self.answerable and not self.passages and not (self.answer or "").strip():
            raise ValueError(
                "the question has no expected passage and no expected answer: add one, or set answerable to false"
            )
        if not self.answerable and (self.passages or self.answer):
            raise ValueError(
                "a question that is not answerable has no expected passages or answer: remove them, or set answerable"
            )
        return self

    @property
    def key(self) -> str:
        """Return the hash of the question without case and spacing, which identifies it in its base."""
        normalized = " ".join(unicodedata.normalize("NFC", self.question).casefold().split())
        return hashlib.sha256(normalized.encode()).hexdigest()


class KnowledgeQuestion(QuestionContent):
    """Stored question of a knowledge base.

    Generated questions are `proposed` until a person accepts or rejects them; only accepted ones are evaluated.
    `origin` says where the question comes from: the model and the document, or the trace. `edited` is true if a person
    changed a generated question.
    """

    id: UUID
    base: str
    state: QuestionState
    source: QuestionSource
    origin: dict[str, Any] = {}
    edited: bool = False
    created_by: str
    created_at: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None

    @property
    def content(self) -> QuestionContent:
        """Return the question with its expected passages and answer."""
        return QuestionContent.model_validate(self.model_dump(include=set(QuestionContent.model_fields)))


class QuestionSetItem(QuestionContent):
    """Question of a question set with the id of the question that it was made from."""

    id: UUID


class QuestionSet(Record):
    """Version of the accepted questions of a base. `hash` is the sha256 of their contents, in any order."""

    base: str
    number: int
    hash: str
    questions: tuple[QuestionSetItem, ...]
    created_at: datetime


class QuestionSetSummary(Record):
    """Version of a question set without its questions."""

    base: str
    number: int
    hash: str
    questions: int
    created_at: datetime
