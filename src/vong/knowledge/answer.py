"""Answers to questions from a knowledge base, with verifiable citations."""

import re
from collections.abc import Callable, Sequence
from uuid import UUID

from vong.knowledge.indexing import Embed
from vong.knowledge.postprocess import SENTENCE_BOUNDARY, clean_answer
from vong.records import Message, Record, RetrievedPassage

MIN_SIMILARITY = 0.35
"""Cosine similarity below which a passage does not match the question."""
STRONG_SIMILARITY = 0.6
"""Cosine similarity from which a passage matches the question regardless of its words."""
MIN_COVERAGE = 0.5
"""Share of the question's words (weighted by rarity) that passages between the two similarities must contain."""
MIN_SUPPORT_SIMILARITY = 0.5
"""Cosine similarity from which a passage supports a sentence of the answer."""
NO_ANSWER_TEXT = "The documents do not answer this."
INSTRUCTION = (
    "Answer the question from the numbered passages alone, in one or two sentences, and put the number of the passage "
    "you used in square brackets, like [1]. If they do not answer it, say: " + NO_ANSWER_TEXT
)
CITATION_PATTERN = re.compile(r"\[(\d{1,2})\]")


class GeneratedAnswer(Record):
    """Completion of the model and the span that recorded it."""

    text: str
    span_id: UUID | None = None
    model: str


class Citation(Record):
    """A passage that supports the answer.

    `stated` is true if the model cited the passage itself, and false if the passage was found by comparing the answer's
    sentences with the passages. `similarity` is that of sentence and passage.
    """

    number: int
    path: str
    title: str
    heading: str
    quote: str
    start: int
    end: int
    stated: bool
    similarity: float


class RagAnswer(Record):
    """Answer to a question with its citations and passages.

    `answered` is false if no passage matches. `unsupported` lists the sentences that no passage supports.
    """

    question: str
    answered: bool
    text: str
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[str, ...] = ()
    passages: tuple[RetrievedPassage, ...] = ()
    index_version: str
    model: str | None = None
    span_id: UUID | None = None


def ask(
    question: str,
    passages: Sequence[RetrievedPassage],
    generate: Callable[[Sequence[Message]], GeneratedAnswer],
    embed: Embed,
    *,
    index_version: str,
    coverage: float,
) -> RagAnswer:
    """Answer a question from passages. If none matches, return NO_ANSWER_TEXT without calling the model.

    The completion is cut at the first repetition, and citations of missing passages are removed. `coverage` is the
    share of the question's words in the passages (`retrieve.compute_coverage`).
    """
    matching = [passage for passage in passages if passage.similarity >= MIN_SIMILARITY]
    has_strong_match = any(passage.similarity >= STRONG_SIMILARITY for passage in matching)
    if not matching or not (has_strong_match or coverage >= MIN_COVERAGE):
        return RagAnswer(
            question=question,
            answered=False,
            text=NO_ANSWER_TEXT,
            passages=tuple(passages),
            index_version=index_version,
        )
    generated = generate(build_prompt(question, matching))
    text = clean_answer(generated.text, len(matching))
    citations, unsupported = find_citations(text, matching, embed)
    return RagAnswer(
        question=question,
        answered=bool(text) and NO_ANSWER_TEXT.rstrip(".") not in text,
        text=text,
        citations=tuple(citations),
        unsupported=tuple(unsupported),
        passages=tuple(passages),
        index_version=index_version,
        model=generated.model,
        span_id=generated.span_id,
    )


def build_prompt(question: str, passages: Sequence[RetrievedPassage]) -> list[Message]:
    """Return the messages to the model: instruction, numbered passages and question."""
    numbered = "\n\n".join(
        f"[{number}] {_source_label(passage)}\n{passage.chunk.text}" for number, passage in enumerate(passages, 1)
    )
    return [
        Message(role="system", content=INSTRUCTION),
        Message(role="user", content=f"{numbered}\n\nQuestion: {question}"),
    ]


def _source_label(passage: RetrievedPassage) -> str:
    """Return title and heading path. The title is not repeated if the heading path begins with it."""
    heading = passage.chunk.heading
    return heading if heading.startswith(passage.title) else f"{passage.title} > {heading}".removesuffix(" > ")


def find_citations(text: str, passages: Sequence[RetrievedPassage], embed: Embed) -> tuple[list[Citation], list[str]]:
    """Return the citations of an answer and its unsupported sentences.

    Each sentence is compared with each passage, because small models forget to cite and any model may cite wrongly.
    """
    sentences = [sentence for sentence in SENTENCE_BOUNDARY.split(text) if CITATION_PATTERN.sub("", sentence).strip()]
    if not sentences:
        return [], []
    similarities = (
        embed([CITATION_PATTERN.sub("", sentence) for sentence in sentences])
        @ embed([p.chunk.text for p in passages]).T
    )
    # A sentence that occurs literally in a passage is supported even if the passage is long.
    for row, sentence in enumerate(sentences):
        quoted = _normalize_quote(CITATION_PATTERN.sub("", sentence))
        for column, passage in enumerate(passages):
            if quoted in _normalize_quote(passage.chunk.text):
                similarities[row, column] = 1.0
    best: dict[int, float] = {}
    stated = {int(number) for number in CITATION_PATTERN.findall(text) if 1 <= int(number) <= len(passages)}
    unsupported: list[str] = []
    for sentence, row in zip(sentences, similarities, strict=True):
        number = int(row.argmax()) + 1
        if row[number - 1] >= MIN_SUPPORT_SIMILARITY:
            best[number] = max(best.get(number, 0.0), float(row[number - 1]))
        else:
            unsupported.append(sentence)
    for number in stated:
        best.setdefault(number, float(similarities[:, number - 1].max()))
    citations = [
        _build_citation(number, passages[number - 1], number in stated, best[number]) for number in sorted(best)
    ]
    return citations, unsupported


def _normalize_quote(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!?…")


def _build_citation(number: int, passage: RetrievedPassage, stated: bool, similarity: float) -> Citation:
    return Citation(
        number=number,
        path=passage.path,
        title=passage.title,
        heading=passage.chunk.heading,
        quote=passage.chunk.text,
        start=passage.chunk.start,
        end=passage.chunk.end,
        stated=stated,
        similarity=round(similarity, 4),
    )
