"""End an answer well: small models go round in circles until they are cut off, and cite passages that are not there."""

import re

CITED = re.compile(r"\s*\[(\d{1,3})\]")
SENTENCE = re.compile(r"(?<=[.!?…])\s+(?!\[)")
CLAUSE = re.compile(r"(?<=[,;:])\s+")
JOINING = frozenset({"and", "but", "or", "so", "also", "that", "which", "then", "while", "và", "nhưng", "hoặc"})
ENDED = re.compile(r"[.!?…][\"')\]]*(\s*\[\d{1,3}\])*$")
LEAST = 3
"""Words that a clause has at least to count as said again."""


def tidy(text: str, passages: int) -> str:
    """The answer up to where it begins to say again what it said, without the numbers of passages that do not exist.

    A last sentence that was cut off is left out where there is a whole one before it.
    """
    text = CITED.sub(lambda found: found[0] if 1 <= int(found[1]) <= passages else "", text.strip())
    kept: list[str] = []
    said: list[str] = []
    for sentence in SENTENCE.split(text):
        clauses = _new_clauses(sentence, said)
        whole = " ".join(clauses)
        if whole:
            kept.append(whole if whole == sentence else _closed(whole))
        if whole != sentence:
            break
    if len(kept) > 1 and not ENDED.search(kept[-1]):
        kept.pop()
    return " ".join(kept)


def _new_clauses(sentence: str, said: list[str]) -> list[str]:
    """The clauses of a sentence up to the first that was said before; they are added to what was said."""
    clauses = CLAUSE.split(sentence)
    words = [_words(clause) for clause in clauses]
    kept: list[str] = []
    for place, clause in enumerate(clauses):
        opening = place == 0 and len(clauses) > 1 and not _again(words[1], said)  # "In that case, …" may open twice
        if not opening and _again(words[place], said):
            break
        kept.append(clause)
        said.append(" ".join(words[place]))
    return kept


def _again(words: list[str], said: list[str]) -> bool:
    return len(words) >= LEAST and any(f" {' '.join(words)} " in f" {earlier} " for earlier in said)


def _words(clause: str) -> list[str]:
    words = re.findall(r"[\w£$€%]+(?:[.,]\d+)*", CITED.sub("", clause).lower())
    while words and words[0] in JOINING:
        words.pop(0)
    return words


def _closed(text: str) -> str:
    """A text that was cut at a comma, with a full stop."""
    return text.rstrip(" ,;:") + "."
