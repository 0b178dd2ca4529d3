"""Match of outputs and references after normalization, as in SQuAD."""

import re
import string
import unicodedata

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric

GROUP = "text"
ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


def normalized_match(ignore_articles: bool = True, ignore_diacritics: bool = False) -> Scorer:
    """Score 1 if the output equals the reference after normalization, else 0.

    Case, punctuation, width (NFKC) and spaces are ignored. For English texts this is the exact match of SQuAD's
    evaluation script. `ignore_articles`: also ignore a, an and the. `ignore_diacritics`: also ignore accents, so that
    `năm` equals `nam`.
    """

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        left, right = (
            normalize_answer(text, ignore_articles=ignore_articles, ignore_diacritics=ignore_diacritics)
            for text in (answer, reference)
        )
        return {"normalized_match": mean_metric(left == right)}

    articles, diacritics = ("yes" if on else "no" for on in (ignore_articles, ignore_diacritics))
    signature = f"normalized_match|form:NFKC|articles ignored:{articles}|diacritics ignored:{diacritics}"
    return Scorer(signature, measure)


def normalize_answer(text: str, *, ignore_articles: bool = True, ignore_diacritics: bool = False) -> str:
    """Return a text in lower case without punctuation, articles and extra spaces."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    if ignore_diacritics:
        decomposed = unicodedata.normalize("NFD", text.replace("đ", "d"))
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    text = "".join(character for character in text if not _is_punctuation(character))
    if ignore_articles:
        text = ARTICLES.sub(" ", text)
    return " ".join(text.split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
