"""Cleanup of answers: small models repeat themselves until the token limit and cite passages that do not exist."""

import re

CITED = re.compile(r"\s*\[(\d{1,3})\]")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?!\[)")
CLAUSE = re.compile(r"(?<=[,;:])\s+")
JOINING = frozenset({"and", "but", "or", "so", "also", "that", "which", "then", "while", "và", "nhưng", "hoặc"})
ENDED = re.compile(r"[.!?…][\"')\]]*(\s*\[\d{1,3}\])*$")
LEAST = 3
"""Minimum number of words of a clause that counts as a repetition."""


def tidy(text: str, passages: int) -> str:
    """Return the answer up to the first repetition, without citations of passages that do not exist.

    An incomplete last sentence is dropped if a complete one precedes it.
    """
    text = CITED.sub(lambda match: match[0] if 1 <= int(match[1]) <= passages else "", text.strip())
    sentences: list[str] = []
    earlier_clauses: list[str] = []
    for sentence in SENTENCE.split(text):
        clauses = _new_clauses(sentence, earlier_clauses)
        shortened = " ".join(clauses)
        if shortened:
            sentences.append(shortened if shortened == sentence else _closed(shortened))
        if shortened != sentence:
            break
    if len(sentences) > 1 and not ENDED.search(sentences[-1]):
        sentences.pop()
    return " ".join(sentences)


def _new_clauses(sentence: str, earlier_clauses: list[str]) -> list[str]:
    """Return the clauses of a sentence up to the first repetition, and add them to `earlier_clauses`."""
    clauses = CLAUSE.split(sentence)
    words = [_words(clause) for clause in clauses]
    new_clauses: list[str] = []
    for index, clause in enumerate(clauses):
        is_opening = (
            index == 0 and len(clauses) > 1 and not _again(words[1], earlier_clauses)
        )  # "In that case, …" may be repeated
        if not is_opening and _again(words[index], earlier_clauses):
            break
        new_clauses.append(clause)
        earlier_clauses.append(" ".join(words[index]))
    return new_clauses


def _again(words: list[str], earlier_clauses: list[str]) -> bool:
    return len(words) >= LEAST and any(f" {' '.join(words)} " in f" {clause} " for clause in earlier_clauses)


def _words(clause: str) -> list[str]:
    words = re.findall(r"[\w£$€%]+(?:[.,]\d+)*", CITED.sub("", clause).lower())
    while words and words[0] in JOINING:
        words.pop(0)
    return words


def _closed(text: str) -> str:
    """Return a text that was cut at a comma, ended with a full stop."""
    return text.rstrip(" ,;:") + "."
