"""Events of a streamed answer, in order: queries, passages, delta, citation, verification, and done or error."""

from typing import Literal, TypeAlias

from vong.knowledge.answer.records import Citation, RagAnswer, SentenceCheck
from vong.records import Record, RetrievedPassage


class QueriesEvent(Record):
    """Search queries of the question. `question` is independent of earlier turns."""

    event: Literal["queries"] = "queries"
    question: str
    queries: tuple[str, ...]


class PassagesEvent(Record):
    """Passages that the model reads, numbered from 1, with warnings about shortened or stripped ones."""

    event: Literal["passages"] = "passages"
    passages: tuple[RetrievedPassage, ...]
    warnings: tuple[str, ...] = ()


class DeltaEvent(Record):
    """Next part of the text of the model. The verified text is in the event `done`."""

    event: Literal["delta"] = "delta"
    text: str


class CitationEvent(Record):
    """Citation of the verified text."""

    event: Literal["citation"] = "citation"
    citation: Citation


class VerificationEvent(Record):
    """Checked sentences of the text."""

    event: Literal["verification"] = "verification"
    sentences: tuple[SentenceCheck, ...]
    replaced: bool


class DoneEvent(Record):
    """Complete answer. Its text replaces the streamed one. Ends the stream."""

    event: Literal["done"] = "done"
    answer: RagAnswer


class ErrorEvent(Record):
    """Error that ended the answer, as in an error response. Ends the stream."""

    event: Literal["error"] = "error"
    code: str
    status: int
    message: str
    hint: str | None = None


AnswerEvent: TypeAlias = QueriesEvent | PassagesEvent | DeltaEvent | CitationEvent | VerificationEvent | DoneEvent
