"""F1 of the words of outputs and references, as in SQuAD."""

from collections import Counter

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.normalized_match import normalize_answer
from vong.evals.scorers.words import split_words

GROUP = "text"


def token_f1(ignore_articles: bool = True, split_scripts: bool = True, keep_numbers: bool = True) -> Scorer:
    """Compute the F1 of the words that output and reference share, after the normalization of `normalized_match`.

    `ignore_articles`: ignore a, an and the. `split_scripts`: count each character of scripts without spaces (Chinese,
    Japanese, Thai, Lao, Khmer, Burmese) as a word. `keep_numbers`: the minus sign of a number and the marks between its
    digits are no punctuation; with false, English texts have exactly the F1 of SQuAD's evaluation script.
    """

    def words(text: str) -> list[str]:
        normalized = normalize_answer(text, ignore_articles=ignore_articles, keep_numbers=keep_numbers)
        return split_words(normalized) if split_scripts else normalized.split()

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        return {"token_f1": mean_metric(f1(words(answer), words(reference)))}

    flags = {"articles ignored": ignore_articles, "scripts split": split_scripts, "numbers kept": keep_numbers}
    settings = "|".join(f"{name}:{'yes' if on else 'no'}" for name, on in flags.items())
    return Scorer(f"token_f1|form:NFKC|{settings}", measure)


def f1(predicted: list[str], expected: list[str]) -> float:
    """Return the F1 of two bags of words. Two empty bags are equal."""
    if not predicted or not expected:
        return float(predicted == expected)
    common = sum((Counter(predicted) & Counter(expected)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(expected)
    return 2 * precision * recall / (precision + recall)
