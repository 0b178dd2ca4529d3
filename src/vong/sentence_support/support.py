"""Support of a sentence by a passage: the parts that contain its words, and what they lack or contradict."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from vong.sentence_support.sentences import split_sentences
from vong.sentence_support.words import (
    AMBIGUOUS_NUMBER_WORDS,
    WordSet,
    WordToken,
    find_opposite,
    is_negated,
    tokenize,
)

CLAUSE_BOUNDARY = re.compile(r"[;:,()–—]\s+|\s(?=(?:but|however|although|while|unless|nhưng|tuy nhiên|còn)\s)")
MAX_PARTS = 3
"""Sentences of a passage that together support one sentence."""
MIN_GAIN = 2
"""Words that each further sentence must add."""
MIN_CHECKED_COVERAGE = 0.5
"""Share of the words that a part must contain for its negation to be compared."""
MIN_SWAP_WORDS = 2
MIN_SWAP_SHARE = 0.6
"""Share of the other words of a sentence that a clause must contain for its numbers and names to be compared."""


class Clause(NamedTuple):
    """Clause of a sentence."""

    tokens: list[WordToken]
    words: WordSet


class PassagePart(NamedTuple):
    """Sentence of a passage with its tokens. `start` and `end` are offsets in the text of the passage."""

    text: str
    start: int
    end: int
    tokens: list[WordToken]
    words: WordSet
    clauses: tuple[Clause, ...]


class PreparedPassage(NamedTuple):
    """Passage split into parts. `names` are words that are capitalized inside a sentence; `context` is its heading."""

    number: int
    parts: tuple[PassagePart, ...]
    names: frozenset[str]
    context: WordSet


class Support(NamedTuple):
    """Parts of a passage that contain the words of a sentence.

    `coverage` is the share of its words in the parts. `reasons` lists numbers and names that the parts lack, and
    negations and opposites that differ.
    """

    passage: PreparedPassage
    parts: tuple[PassagePart, ...]
    coverage: float
    reasons: tuple[str, ...]

    @property
    def start(self) -> int:
        """Return the offset of the first part in the passage."""
        return min((part.start for part in self.parts), default=0)

    @property
    def end(self) -> int:
        """Return the end of the last part in the passage."""
        return max((part.end for part in self.parts), default=0)


def prepare_passage(number: int, text: str, context: str = "") -> PreparedPassage:
    """Split a passage into parts. `context` is its title and heading path."""
    parts: list[PassagePart] = []
    for sentence in split_sentences(text):
        tokens = tokenize(sentence.text)
        clauses = [tokenize(clause) for clause in CLAUSE_BOUNDARY.split(sentence.text) if clause.strip()]
        split = tuple(Clause(clause, WordSet(clause)) for clause in clauses)
        parts.append(PassagePart(sentence.text, sentence.start, sentence.end, tokens, WordSet(tokens), split))
    names = {token.key for part in parts for token in part.tokens[1:] if token.is_capitalized}
    return PreparedPassage(number, tuple(parts), frozenset(names), WordSet(tokenize(context)))


def find_support(sentence: str, passage: PreparedPassage, question: str = "") -> Support:
    """Return the support of a sentence by a passage. Names of the question need not occur in the passage."""
    tokens = tokenize(sentence)
    content = [token for token in tokens if token.is_content]
    parts = _select_parts(content, passage)
    coverage = _coverage(content, parts, passage.context)
    reasons = (
        *_missing_numbers(content, parts, passage),
        *_missing_names(tokens, parts, passage, WordSet(tokenize(question))),
        *_contradictions(tokens, content, parts),
        *_find_swapped_numbers(content, parts),
    )
    return Support(passage, parts, coverage, reasons)


def has_checkable_words(sentence: str) -> bool:
    """Check that a sentence says something that a passage can support: `Yes.` does not."""
    return sum(token.is_content for token in tokenize(sentence)) >= 2 or any(
        token.is_number for token in tokenize(sentence)
    )


def _select_parts(content: Sequence[WordToken], passage: PreparedPassage) -> tuple[PassagePart, ...]:
    """Return the part with the most words of the sentence, and others that add at least MIN_GAIN words."""
    missing = {token.key for token in content}
    selected: list[PassagePart] = []
    while missing and len(selected) < min(MAX_PARTS, len(passage.parts)):
        gains = [(sum(key in part.words for key in missing), part) for part in passage.parts if part not in selected]
        gain, part = max(gains, key=lambda item: item[0], default=(0, None))
        if part is None or gain < (MIN_GAIN if selected else 1):
            break
        selected.append(part)
        missing = {key for key in missing if key not in part.words}
    return tuple(selected)


def _coverage(content: Sequence[WordToken], parts: Sequence[PassagePart], context: WordSet) -> float:
    if not content:
        return 0.0
    found = sum(any(token.key in part.words for part in parts) or token.key in context for token in content)
    return found / len(content)


def _missing_numbers(content: Sequence[WordToken], parts: Sequence[PassagePart], passage: PreparedPassage) -> list[str]:
    keys = {token.key for part in parts for token in part.tokens} | passage.context.keys
    return [
        f"number {token.text!r} is not in the passage"
        for token in content
        if token.is_number and token.key not in keys and token.text.lower() not in AMBIGUOUS_NUMBER_WORDS
    ]


def _missing_names(
    tokens: Sequence[WordToken], parts: Sequence[PassagePart], passage: PreparedPassage, question: WordSet
) -> list[str]:
    """Return the names that the parts lack. The first word counts as a name if it replaces a name of the passage."""
    missing = [
        token
        for token in tokens[1:]
        if token.is_capitalized and token.is_content and not _is_known(token, parts, passage, question)
    ]
    first = next(iter(tokens), None)
    if (
        first is not None
        and first.is_content
        and first.is_capitalized
        and not _is_known(first, parts, passage, question)
    ):
        followed = len(tokens) > 1 and tokens[1].is_capitalized
        if followed or _replaces_name(tokens, parts, passage):
            missing.insert(0, first)
    return _name_reasons(missing)


def _name_reasons(missing: Sequence[WordToken]) -> list[str]:
    return [f"name {token.text!r} is not in the passage" for token in missing]


def _is_known(token: WordToken, parts: Sequence[PassagePart], passage: PreparedPassage, question: WordSet) -> bool:
    return any(token.key in part.words for part in parts) or token.key in passage.context or token.key in question.keys


def _replaces_name(tokens: Sequence[WordToken], parts: Sequence[PassagePart], passage: PreparedPassage) -> bool:
    """Check if the first word stands in the place of a name in the first part."""
    if not parts:
        return False
    other = parts[0].tokens
    matcher = SequenceMatcher(None, [token.key for token in other], [token.key for token in tokens], autojunk=False)
    for kind, start, end, own_start, _ in matcher.get_opcodes():
        if kind == "replace" and own_start == 0:
            return any(token.key in passage.names for token in other[start:end])
    return False


def _contradictions(tokens: list[WordToken], content: Sequence[WordToken], parts: Sequence[PassagePart]) -> list[str]:
    """Return the negations and opposites that differ from the clauses of the parts with the same words."""
    keys = {token.key for token in content}
    clauses = [clause for part in parts for clause in _matching_clauses(keys, part)]
    if not keys or not clauses:
        return []
    joined = [token for clause in clauses for token in clause.tokens]
    found = WordSet(joined)
    if sum(key in found for key in keys) / len(keys) < MIN_CHECKED_COVERAGE:
        return []
    reasons: list[str] = []
    if is_negated(tokens) != is_negated(joined):
        reasons.append("the negation differs from the passage")
    opposite = find_opposite(tokens, joined)
    if opposite is not None:
        reasons.append(f"{opposite[0]!r} is the opposite of {opposite[1]!r} in the passage")
    return reasons


def _find_swapped_numbers(content: Sequence[WordToken], parts: Sequence[PassagePart]) -> list[str]:
    """Return a number for which the clause with the other words has another one instead.

    The number occurs elsewhere in the passage, but belongs to something else there.
    """
    own = [token for token in content if token.is_number]
    rest = {token.key for token in content if not token.is_number}
    if not own or len(rest) < MIN_SWAP_WORDS:
        return []
    clauses = [clause for part in parts for clause in part.clauses]
    best = max(clauses, key=lambda clause: _share(rest, clause), default=None)
    if best is None or _share(rest, best) < MIN_SWAP_SHARE or any(token.key in best.words for token in own):
        return []
    others = [token for token in best.tokens if token.is_number]
    return [f"the passage has number {others[0].text!r} instead of {own[0].text!r}"] if others else []


def _share(keys: set[str], clause: Clause) -> float:
    return sum(key in clause.words for key in keys) / len(keys)


def _matching_clauses(keys: set[str], part: PassagePart) -> list[Clause]:
    """Return the clauses of a part that add words of the sentence, best first."""
    missing = {key for key in keys if key in part.words}
    selected: list[Clause] = []
    while missing:
        rest = [clause for clause in part.clauses if clause not in selected]
        gains = [(sum(key in clause.words for key in missing), -len(clause.tokens)) for clause in rest]
        if not gains or max(gains)[0] == 0:
            break
        selected.append(rest[gains.index(max(gains))])
        missing -= {key for key in missing if key in selected[-1].words}
    return selected
