"""Answer a question from a knowledge base, with citations that can be checked."""

import re
from collections.abc import Callable, Sequence
from uuid import UUID

from vong.knowledge.indexing import Embed
from vong.knowledge.postprocess import tidy
from vong.records import Message, Record, RetrievedPassage

FITS = 0.35
"""Cosine similarity under which a passage is not taken to be about the question."""
SURELY_FITS = 0.6
"""Cosine similarity from which a passage is, whatever its words."""
COVERED = 0.5
"""Between the two: the share of the question's words (by rarity) that the passages must hold."""
SUPPORTS = 0.5
"""Cosine similarity from which a passage is taken to support a sentence of the answer."""
NOTHING_FITS = "The documents do not answer this."
INSTRUCTION = (
    "Answer the question from the numbered passages alone, in one or two sentences, and put the number of the passage "
    "you used in square brackets, like [1]. If they do not answer it, say: " + NOTHING_FITS
)
CITED = re.compile(r"\[(\d{1,2})\]")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?!\[)")


class GeneratedAnswer(Record):
    """What the model said, and the span that recorded it."""

    text: str
    span_id: UUID | None = None
    model: str


class Citation(Record):
    """A passage that the answer rests on. `stated` where the model cited it itself, otherwise it was found by
    comparing the answer's sentences with the passages; `similarity` is that of the sentence and the passage.
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
    """An answer with what it rests on. `answered` is False where nothing fits; `unsupported` lists its sentences that
    no passage supports: read those with care.
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
    """Answer from these passages, or say that nothing fits without asking the model at all. What the model says is
    cut where it begins to repeat itself, and numbers of passages that do not exist are taken out.

    `coverage` is the share of the question's words that the passages hold (`retrieve.coverage`).
    """
    fitting = [passage for passage in passages if passage.similarity >= FITS]
    surely = any(passage.similarity >= SURELY_FITS for passage in fitting)
    if not fitting or not (surely or coverage >= COVERED):
        return RagAnswer(
            question=question, answered=False, text=NOTHING_FITS, passages=tuple(passages), index_version=index_version
        )
    generated = generate(prompt(question, fitting))
    text = tidy(generated.text, len(fitting))
    citations, unsupported = cite(text, fitting, embed)
    return RagAnswer(
        question=question,
        answered=bool(text) and NOTHING_FITS.rstrip(".") not in text,
        text=text,
        citations=tuple(citations),
        unsupported=tuple(unsupported),
        passages=tuple(passages),
        index_version=index_version,
        model=generated.model,
        span_id=generated.span_id,
    )


def prompt(question: str, passages: Sequence[RetrievedPassage]) -> list[Message]:
    """What the model is asked: the rule, the numbered passages, the question."""
    numbered = "\n\n".join(
        f"[{number}] {_place(passage)}\n{passage.chunk.text}" for number, passage in enumerate(passages, 1)
    )
    return [
        Message(role="system", content=INSTRUCTION),
        Message(role="user", content=f"{numbered}\n\nQuestion: {question}"),
    ]


def _place(passage: RetrievedPassage) -> str:
    """Title and headings; a heading path often begins with the title itself."""
    heading = passage.chunk.heading
    return heading if heading.startswith(passage.title) else f"{passage.title} > {heading}".removesuffix(" > ")


def cite(text: str, passages: Sequence[RetrievedPassage], embed: Embed) -> tuple[list[Citation], list[str]]:
    """The passages behind an answer, and the sentences that none supports.

    Small models forget to cite, and any model may cite wrongly: so each sentence is compared with each passage.
    """
    sentences = [sentence for sentence in SENTENCE.split(text) if CITED.sub("", sentence).strip()]
    if not sentences:
        return [], []
    similarities = (
        embed([CITED.sub("", sentence) for sentence in sentences]) @ embed([p.chunk.text for p in passages]).T
    )
    for row, sentence in enumerate(
        sentences
    ):  # a sentence of its own words in a long passage is supported all the same
        quoted = _words(CITED.sub("", sentence))
        for column, passage in enumerate(passages):
            if quoted in _words(passage.chunk.text):
                similarities[row, column] = 1.0
    best: dict[int, float] = {}
    stated = {int(number) for number in CITED.findall(text) if 1 <= int(number) <= len(passages)}
    unsupported: list[str] = []
    for sentence, row in zip(sentences, similarities, strict=True):
        number = int(row.argmax()) + 1
        if row[number - 1] >= SUPPORTS:
            best[number] = max(best.get(number, 0.0), float(row[number - 1]))
        else:
            unsupported.append(sentence)
    for number in stated:
        best.setdefault(number, float(similarities[:, number - 1].max()))
    citations = [_citation(number, passages[number - 1], number in stated, best[number]) for number in sorted(best)]
    return citations, unsupported


def _words(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!?…")


def _citation(number: int, passage: RetrievedPassage, stated: bool, similarity: float) -> Citation:
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
