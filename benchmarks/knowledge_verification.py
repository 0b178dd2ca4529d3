"""Verifier of answers: how many true sentences it accepts and how many false ones it finds.

`python -m benchmarks knowledge_verification --data FOLDER` (a folder with `xquad.en.json`). Thresholds are
chosen on 12 of the 48 articles of XQuAD (development); 12 others are held out.
"""

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from benchmarks.knowledge_statements import change_name, change_number, negate, state_answers, state_vietnamese
from vong.knowledge.answer.thresholds import THRESHOLDS, EmbedderThresholds
from vong.knowledge.answer.verification import Verifier, verify
from vong.knowledge.index.embedders.e5 import E5Embedder
from vong.knowledge.index.embedders.minilm import MiniLmEmbedder
from vong.records import Chunk, RetrievedPassage
from vong.sentence_support.sentences import split_sentences

SENTENCES_PER_PARAGRAPH = 2
NO_ID = UUID(int=0)


class Statement(NamedTuple):
    """Sentence about a passage: if it is true, what kind it is, and the question that it answers."""

    kind: str
    text: str
    passage: str
    is_true: bool
    question: str = ""


def build_statements(articles: Sequence[Any], seed: int = 0) -> list[Statement]:
    """Return true sentences (copied, shortened, composed of question and answer) and changed ones."""
    generator = random.Random(seed)
    statements: list[Statement] = []
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    names = sorted({name for one in paragraphs for name in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", one["context"])})
    for paragraph in paragraphs:
        passage = paragraph["context"]
        found = [one.text for one in split_sentences(passage) if 8 <= len(one.text.split()) <= 40]
        for sentence in generator.sample(found, min(SENTENCES_PER_PARAGRAPH, len(found))):
            statements.append(Statement("true: copied", sentence, passage, True))
            clause = re.split(r"[,;] ", sentence)[0].rstrip(".") + "."
            if 6 <= len(clause.split()) < len(sentence.split()):
                statements.append(Statement("true: first clause", clause, passage, True))
            changes = {
                "false: number": change_number(sentence, passage, generator),
                "false: name": change_name(sentence, passage, names, generator),
                "false: negation": negate(sentence),
            }
            statements += [Statement(kind, text, passage, False) for kind, text in changes.items() if text]
            other = generator.choice(paragraphs)
            if other is not paragraph:
                statements.append(Statement("false: other paragraph", sentence, other["context"], False))
        for text, is_true, question in state_answers(paragraph, generator):
            kind = "true: answer to a question" if is_true else "false: another answer of the passage"
            statements.append(Statement(kind, text, passage, is_true, question))
    return statements


def is_accepted(statement: Statement, verifier: Verifier) -> bool:
    """Check if the verifier supports a statement."""
    chunk = Chunk(id=NO_ID, document_id=NO_ID, position=0, text=statement.passage, start=0, end=len(statement.passage))
    passage = RetrievedPassage(chunk=chunk, path="x", title="", score=1.0, similarity=1.0)
    checks = verify(statement.text, [passage], verifier, statement.question).sentences
    return all(check.status in ("supported", "unverified") for check in checks)


def measure(statements: Sequence[Statement], verifier: Verifier) -> dict[str, tuple[int, int]]:
    """Return for each kind how many statements were judged rightly, and how many there are."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for statement in statements:
        right = is_accepted(statement, verifier) == statement.is_true
        for kind in (statement.kind, "all true" if statement.is_true else "all false"):
            counts[kind][0] += right
            counts[kind][1] += 1
    return {kind: (right, total) for kind, (right, total) in sorted(counts.items())}


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield precision and recall on the held-out half, and the share of each kind that was judged rightly."""
    articles = json.loads((Path(options.data) / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    sets = {
        "English, development": build_statements(articles[0::4]),
        "English, held out": build_statements(articles[1::4]),
        "Vietnamese, held out": [Statement(*one) for one in state_vietnamese()],
    }
    embedders: dict[str, Any] = {"words only": None, "e5": E5Embedder(1), "MiniLM": MiniLmEmbedder(1)}
    for name, embedder in embedders.items():
        for label, statements in sets.items():
            verifier = _verifier(embedder)
            counts = measure(statements, verifier)
            accepted_true = counts["all true"][0]
            wrongly_accepted = counts["all false"][1] - counts["all false"][0]
            precision = accepted_true / max(1, accepted_true + wrongly_accepted)
            recall = accepted_true / counts["all true"][1]
            found, false = counts["all false"]
            yield (
                f"{name}: {label}",
                (
                    f"precision {precision:.3f}, recall {recall:.3f} of {counts['all true'][1]}; "
                    f"false ones found {found / false:.3f} of {false}"
                ),
            )
            if name != "MiniLM":
                for kind, (right, total) in counts.items():
                    yield f"    {kind}", f"{right / total:.3f} of {total}"


def _verifier(embedder: Any) -> Verifier:
    if embedder is None:
        return Verifier(lambda _: None, EmbedderThresholds())  # pyright: ignore[reportArgumentType]
    return Verifier(embedder.embed_passages, THRESHOLDS.get(embedder.version.partition("@")[0], EmbedderThresholds()))
