"""Match of outputs and references after normalization, as in SQuAD."""

import re
import string
import unicodedata

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import remove_punctuation

GROUP = "text"
ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


def normalized_match(
    ignore_articles: bool = True, ignore_diacritics: bool = False, keep_numbers: bool = True
) -> Scorer:
    """Score 1 if the output equals the reference after normalization, else 0.

    Case, punctuation, width (NFKC) and spaces are ignored. `ignore_articles`: also ignore a, an and the.
    `ignore_diacritics`: also ignore accents, so that `năm` equals `nam`. `keep_numbers`: the minus sign of a number
    and the marks between its digits are no punctuation, so that neither `-5` equals `5` nor `1.5` `15`; with false,
    English texts are compared exactly as by SQuAD's evaluation script.
    """

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        left, right = (
            normalize_answer(
                text,
                ignore_articles=ignore_articles,
                ignore_diacritics=ignore_diacritics,
                keep_numbers=keep_numbers,
            )
            for text in (answer, reference)
        )
        return {"normalized_match": mean_metric(left == right)}

    flags = {"articles ignored": ignore_articles, "diacritics ignored": ignore_diacritics, "numbers kept": keep_numbers}
    settings = "|".join(f"{name}:{'yes' if on else 'no'}" for name, on in flags.items())
    return Scorer(f"normalized_match|form:NFKC|{settings}", measure)


def normalize_answer(
    text: str, *, ignore_articles: bool = True, ignore_diacritics: bool = False, keep_numbers: bool = True
) -> str:
    """Return a text in lower case without punctuation, articles and extra spaces."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    if ignore_diacritics:
        decomposed = unicodedata.normalize("NFD", text.replace("đ", "d"))
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    if keep_numbers:
        text = remove_punctuation(text, string.punctuation)
    else:
        text = "".join(character for character in text if not _is_punctuation(character))
    if ignore_articles:
        text = ARTICLES.sub(" ", text)
    return " ".join(text.split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
