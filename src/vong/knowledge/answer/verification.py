"""Verification: each sentence of an answer is compared with the passages, and gets a status and citations."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from vong.knowledge.answer.records import Citation, SentenceCheck, SentenceStatus
from vong.knowledge.answer.thresholds import EmbedderThresholds
from vong.records import RetrievedPassage
from vong.sentence_support import MIN_COVERAGE
from vong.sentence_support.sentences import Sentence, split_sentences
from vong.sentence_support.support import (
    PreparedPassage,
    Support,
    find_support,
    has_checkable_words,
    prepare_passage,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_JUDGE_SCORE = 0.5
"""Score of a judge from which a passage supports a sentence."""

JudgeSupport = Callable[[str, str], float | None]
"""Return the score in 0..1 of a sentence given the text of a passage, or None if the judge has no verdict."""


class Verifier(NamedTuple):
    """What a verification uses: embeddings, the thresholds of their model, and a calibrated judge if there is one."""

    embed: "Callable[[Sequence[str]], NDArray[np.float32]]"
    thresholds: EmbedderThresholds
    judge: JudgeSupport | None = None


class Verification(NamedTuple):
    """Checked sentences of an answer, and citations of the supported ones."""

    sentences: tuple[SentenceCheck, ...]
    citations: tuple[Citation, ...]

    @property
    def supported_share(self) -> float:
        """Return the share of the sentences that are supported, without unverified ones. 1 if there are none."""
        checked = [sentence for sentence in self.sentences if sentence.status != "unverified"]
        return sum(sentence.status == "supported" for sentence in checked) / len(checked) if checked else 1.0

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Return the sentences that no passage supports."""
        return tuple(one.text for one in self.sentences if one.status in ("unsupported", "contradicted"))

    def is_rejected(self, min_supported: float) -> bool:
        """Check if the answer must not be returned: too little is supported, or a passage contradicts a sentence."""
        contradicted = any(sentence.status == "contradicted" for sentence in self.sentences)
        return contradicted or self.supported_share < min_supported


def verify(text: str, passages: Sequence[RetrievedPassage], verifier: Verifier, question: str = "") -> Verification:
    """Compare each sentence of an answer with the cited passages, and with all others if those do not support it."""
    prepared = [
        prepare_passage(number, passage.chunk.text, f"{passage.title} {passage.chunk.heading}")
        for number, passage in enumerate(passages, 1)
    ]
    checks: list[SentenceCheck] = []
    citations: list[Citation] = []
    for sentence in split_sentences(text):
        if not sentence.plain:
            continue
        check, support = _check_sentence(sentence, prepared, verifier, question)
        checks.append(check)
        if check.status == "supported" and support is not None:
            citations.append(_build_citation(sentence, check, support, passages))
    return Verification(tuple(checks), tuple(citations))


def _check_sentence(
    sentence: Sentence, passages: Sequence[PreparedPassage], verifier: Verifier, question: str
) -> tuple[SentenceCheck, Support | None]:
    fields: dict[str, Any] = {"text": sentence.text, "start": sentence.start, "end": sentence.end}
    if not has_checkable_words(sentence.plain):
        return SentenceCheck(status="unverified", **fields), None
    supports = [find_support(sentence.plain, passage, question) for passage in passages]
    supports = [support for support in supports if support.parts]
    if not supports:
        missing = ("no passage contains its words",)
        return SentenceCheck(status="unsupported", reasons=missing, **fields), None
    similarities = _similarities(sentence.plain, supports, verifier)
    ranked = sorted(
        zip(supports, similarities, strict=True),
        key=lambda item: (not item[0].reasons, item[0].passage.number in sentence.cited, item[0].coverage + item[1]),
        reverse=True,
    )
    support, similarity = ranked[0]
    status, reasons = _decide(support, similarity, verifier.thresholds)
    judged = None
    if status == "supported" and verifier.judge is not None:
        judged = verifier.judge(sentence.plain, " ".join(part.text for part in support.passage.parts))
        if judged is not None and judged < MIN_JUDGE_SCORE:
            status, reasons = "unsupported", ("the judge found no support in the passage",)
    check = SentenceCheck(
        status=status,
        number=support.passage.number,
        coverage=round(support.coverage, 4),
        similarity=round(similarity, 4),
        judge=judged,
        reasons=reasons,
        **fields,
    )
    return check, support


def _decide(
    support: Support, similarity: float, thresholds: EmbedderThresholds
) -> tuple[SentenceStatus, tuple[str, ...]]:
    """Return the status by words, numbers, names, negation and similarity, and the reasons against support."""
    is_similar = thresholds.support is not None and similarity >= thresholds.support
    is_covered = support.coverage >= (thresholds.min_coverage if is_similar else MIN_COVERAGE)
    if support.reasons:
        # A sentence with the words of the passage and another number, name or negation says something else.
        return ("contradicted" if is_covered else "unsupported"), support.reasons
    if is_covered:
        return "supported", ()
    return "unsupported", (f"only {support.coverage:.0%} of its words are in the passage",)


def _similarities(sentence: str, supports: Sequence[Support], verifier: Verifier) -> list[float]:
    """Return the similarity of a sentence to the supporting part of each passage. Equal texts have 1."""
    quotes = [" ".join(part.text for part in support.parts) for support in supports]
    if verifier.thresholds.support is None:
        return [1.0 if sentence in quote else 0.0 for quote in quotes]
    vectors = verifier.embed([sentence, *quotes])
    values = (vectors[1:] @ vectors[0]).tolist()
    return [1.0 if sentence in quote else float(value) for quote, value in zip(quotes, values, strict=True)]


def _build_citation(
    sentence: Sentence, check: SentenceCheck, support: Support, passages: Sequence[RetrievedPassage]
) -> Citation:
    passage = passages[support.passage.number - 1]
    chunk = passage.chunk
    return Citation(
        number=support.passage.number,
        answer_start=sentence.start,
        answer_end=sentence.end,
        document_id=chunk.document_id,
        chunk_id=chunk.id,
        path=passage.path,
        title=passage.title,
        heading=chunk.heading,
        page=chunk.page,
        quote=chunk.text[support.start : support.end],
        start=chunk.start + support.start,
        end=chunk.start + support.end,
        stated=support.passage.number in sentence.cited,
        similarity=check.similarity,
    )
