"""Records of answers: settings, citations, checked sentences and the answer itself."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records import Record, RetrievedPassage

VerificationMode = Literal["replace", "flag", "off"]
SentenceStatus = Literal["supported", "unsupported", "contradicted", "unverified"]
PassageGuardMode = Literal["strip", "drop", "off"]

DEFAULT_CONTEXT_TOKENS = 8_192
"""Context of a model whose context is unknown, in tokens."""


class VerificationSettings(Record):
    """Verification of answers against the cited passages.

    `mode`: `replace` returns "not in the documents" if fewer than `min_supported` of the sentences are supported or one
    contradicts its passage; `flag` only lists such sentences; `off` skips the check. `judge` names a calibrated judge
    that decides about sentences that pass the other checks.
    """

    mode: VerificationMode = "replace"
    min_supported: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    judge: str | None = Field(default=None, max_length=200)


class AnswerSettings(Record):
    """Settings of answers, stored with a base or set in a request.

    `variants` is the number of search queries per question; the others are written by the model. `rewrite` makes a
    question that follows others independent of them, with `rewrite_model` or the model that answers. `guard` handles
    instructions inside passages: `strip` removes the sentences, `drop` the passage. `context_tokens` is the context of
    the model; by default that of the deployment, or 8,192 tokens.
    """

    limit: int = Field(default=4, ge=1, le=20)
    variants: int = Field(default=1, ge=1, le=5)
    rewrite: bool = True
    rewrite_model: str | None = Field(default=None, max_length=200)
    guard: PassageGuardMode = "strip"
    verification: VerificationSettings = VerificationSettings()
    max_tokens: int = Field(default=256, ge=16, le=8_192)
    context_tokens: int | None = Field(default=None, ge=512, le=10_000_000)
    no_answer_text: str | None = Field(default=None, min_length=1, max_length=500)


class ConversationEntry(Record):
    """Earlier question of a conversation and its answer."""

    question: str = Field(min_length=1, max_length=4_000)
    answer: str = Field(default="", max_length=20_000)


class Citation(Record):
    """Span of an answer and the part of a passage that supports it.

    `answer_start` and `answer_end` are offsets in the text of the answer, `start` and `end` in the text of the document
    (see the route `/documents/{id}/text`); all count Unicode code points. `quote` is the supporting part of the
    passage. `stated` is true if the model cited the passage itself, and false if it was found by comparison.
    `similarity` is the cosine similarity of sentence and quote.
    """

    number: int
    answer_start: int
    answer_end: int
    document_id: UUID
    chunk_id: UUID
    path: str
    title: str
    heading: str
    page: int | None = None
    quote: str
    start: int
    end: int
    stated: bool
    similarity: float


class SentenceCheck(Record):
    """Verification of one sentence of an answer.

    `status` is `unverified` for a sentence without checkable words. `coverage` is the share of its words in the
    supporting part of passage `number`. `reasons` lists what the passage does not contain or contradicts.
    """

    text: str
    start: int
    end: int
    status: SentenceStatus
    number: int | None = None
    coverage: float = 0.0
    similarity: float = 0.0
    judge: float | None = None
    reasons: tuple[str, ...] = ()


class RagAnswer(Record):
    """Answer to a question with its citations, checked sentences and passages.

    `passages` are numbered from 1 by their position. `answered` is false if no passage matches, the model found no
    answer, or the verification rejected it; `rejected_text` is then the text of the model. `unsupported` lists the
    sentences that no passage supports. `queries` are the search queries. `warnings` name passages that were shortened,
    left out or stripped of instructions. `span_id` is the span of the model call, `answer_id` that of the whole answer.
    """

    question: str
    answered: bool
    text: str
    rejected_text: str | None = None
    citations: tuple[Citation, ...] = ()
    sentences: tuple[SentenceCheck, ...] = ()
    unsupported: tuple[str, ...] = ()
    passages: tuple[RetrievedPassage, ...] = ()
    queries: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    index_version: str
    model: str | None = None
    span_id: UUID | None = None
    answer_id: UUID | None = None
    trace_id: str | None = None
    conversation: str | None = None
