"""Cleanup of answers: small models repeat themselves until the token limit and cite passages that do not exist."""

import re

CITATION_PATTERN = re.compile(r"\s*\[(\d{1,3})\]")
OTHER_CITATION = re.compile(
    r"[\[【(](?:\^|id:?|source|passage|document|ref\.?|đoạn|nguồn)?\s*(\d{1,3}(?:\s*[,;]\s*(?:\^|id:?|source|passage)?\s*\d{1,3})*)"
    r"(?:†[^\]】]*)?[\]】)]",
    re.IGNORECASE,
)
"""Citations in other forms: `[1, 2]`, `【1】`, `[Source 1]`, `[ID:1]`, `[^1]`, `(passage 1)`. A number alone in round
brackets is none."""
REASONING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
SENTENCE_BOUNDARY = re.compile(r"(?<=[.!?…])\s+(?!\[)")
CLAUSE_BOUNDARY = re.compile(r"(?<=[,;:])\s+")
CONJUNCTIONS = frozenset({"and", "but", "or", "so", "also", "that", "which", "then", "while", "và", "nhưng", "hoặc"})
COMPLETE_SENTENCE = re.compile(r"[.!?…][\"')\]]*(\s*\[\d{1,3}\])*$")
MIN_REPEATED_WORDS = 3
"""Minimum number of words of a clause that counts as a repetition."""


def clean_answer(text: str, passage_count: int) -> str:
    """Return the answer up to the first repetition, without citations of passages that do not exist.

    An incomplete last sentence is dropped if a complete one precedes it.
    """
    text = OTHER_CITATION.sub(_normalize_citation, REASONING.sub("", text)).strip()
    text = CITATION_PATTERN.sub(lambda match: match[0] if 1 <= int(match[1]) <= passage_count else "", text)
    sentences: list[str] = []
    earlier_clauses: list[str] = []
    for sentence in SENTENCE_BOUNDARY.split(text):
        clauses = _new_clauses(sentence, earlier_clauses)
        shortened = " ".join(clauses)
        if shortened:
            sentences.append(shortened if shortened == sentence else _end_with_full_stop(shortened))
        if shortened != sentence:
            break
    if len(sentences) > 1 and not COMPLETE_SENTENCE.search(sentences[-1]):
        sentences.pop()
    return " ".join(sentences)


def _normalize_citation(match: re.Match[str]) -> str:
    """Return a citation in the form `[1][2]`."""
    if match[0][0] == "(" and match[0][1].isdigit():
        return match[0]
    return "".join(f"[{number}]" for number in re.findall(r"\d+", match[1]))


def _new_clauses(sentence: str, earlier_clauses: list[str]) -> list[str]:
    """Return the clauses of a sentence up to the first repetition, and add them to `earlier_clauses`."""
    clauses = CLAUSE_BOUNDARY.split(sentence)
    words = [_clause_words(clause) for clause in clauses]
    new_clauses: list[str] = []
    for index, clause in enumerate(clauses):
        is_opening = (
            index == 0 and len(clauses) > 1 and not _is_repeated(words[1], earlier_clauses)
        )  # "In that case, …" may be repeated
        if not is_opening and _is_repeated(words[index], earlier_clauses):
            break
        new_clauses.append(clause)
        earlier_clauses.append(" ".join(words[index]))
    return new_clauses


def _is_repeated(words: list[str], earlier_clauses: list[str]) -> bool:
    return len(words) >= MIN_REPEATED_WORDS and any(
        f" {' '.join(words)} " in f" {clause} " for clause in earlier_clauses
    )


def _clause_words(clause: str) -> list[str]:
    words = re.findall(r"[\w£$€%]+(?:[.,]\d+)*", CITATION_PATTERN.sub("", clause).lower())
    while words and words[0] in CONJUNCTIONS:
        words.pop(0)
    return words


def _end_with_full_stop(text: str) -> str:
    """Return a text that was cut at a comma, ended with a full stop."""
    return text.rstrip(" ,;:") + "."
