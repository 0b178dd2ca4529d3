"""Answers to questions from a knowledge base: rewriting, retrieval, a grounded prompt, citations and verification.

In: a question, the conversation before it, settings, and the services of `AnswerServices`. Out: a stream of events that
ends with a `RagAnswer`, whose citations link spans of its text to parts of documents.
"""

from vong.knowledge.answer.events import AnswerEvent, DoneEvent, ErrorEvent
from vong.knowledge.answer.language import NO_ANSWER_TEXT
from vong.knowledge.answer.pipeline import answer_question
from vong.knowledge.answer.records import (
    AnswerSettings,
    Citation,
    ConversationEntry,
    RagAnswer,
    SentenceCheck,
    VerificationSettings,
)
from vong.knowledge.answer.services import AnswerServices, StepSpan
from vong.knowledge.answer.thresholds import EmbedderThresholds, find_thresholds
from vong.knowledge.answer.verification import Verification, Verifier, verify

__all__ = [
    "NO_ANSWER_TEXT",
    "AnswerEvent",
    "AnswerServices",
    "AnswerSettings",
    "Citation",
    "ConversationEntry",
    "DoneEvent",
    "EmbedderThresholds",
    "ErrorEvent",
    "RagAnswer",
    "SentenceCheck",
    "StepSpan",
    "Verification",
    "VerificationSettings",
    "Verifier",
    "answer_question",
    "find_thresholds",
    "verify",
]
