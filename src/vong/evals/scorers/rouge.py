"""ROUGE, with the definitions of rouge-score."""

from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Literal

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, mean_metric
from vong.evals.scorers.texts import extract_field
from vong.evals.scorers.words import find_words

GROUP = "overlap"
ROUGE_TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
MIN_TOKENIZED_SHARE = 0.5
"""Share of the letters and digits of a text that the tokenizer must keep. Below it the run has a warning."""

Tokenize = Callable[[str], list[str]]


def rouge(
    stemmer: bool = False, tokenizer: Literal["default", "unicode", "whitespace"] = "default", field: str = ""
) -> Scorer:
    """Compute ROUGE-1, -2, -L and -Lsum (Lin 2004): F-measures equal to `rouge_score.RougeScorer`, their mean as total.

    `tokenizer`: `default` is that of rouge-score, which keeps only a-z and 0-9 and therefore drops Chinese, Thai,
    Cyrillic and Vietnamese letters; the run then has a warning. `unicode` keeps letters and digits of all scripts and
    counts each character of a script without spaces as a word. `whitespace` splits at spaces. `stemmer`: use Porter's
    stemmer, for English with the default tokenizer. `field`: score this field of JSON outputs instead of the whole
    text.
    """
    tokenize = _build_tokenizer(tokenizer, stemmer=stemmer)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        scores = score_pair(extract_field(reference, field), extract_field(answer, field), tokenize)
        return {name: mean_metric(value) for name, value in zip(ROUGE_TYPES, scores, strict=True)}

    def warn(scored: ScorerInput) -> str:
        text = extract_field(scored.reference, field)
        letters = sum(map(str.isalnum, text))
        if letters and sum(map(len, tokenize(text))) < MIN_TOKENIZED_SHARE * letters:
            return "the tokenizer drops most of the text; use rouge:tokenizer=unicode"
        return ""

    suffix = f"|field:{field}" if field else ""
    signature = f"rouge-score|stemmer:{'yes' if stemmer else 'no'}|tokenizer:{tokenizer}|split_summaries:no"
    return Scorer(
        f"{signature}|aggregate:mean of F|version:{version('rouge-score')}{suffix}",
        measure,
        metrics=ROUGE_TYPES,
        warn=warn if tokenizer == "default" else None,
    )


def score_pair(target: str, prediction: str, tokenize: Tokenize) -> tuple[float, float, float, float]:
    """Return the F-measures of ROUGE-1, -2, -L and -Lsum."""
    expected, actual = tokenize(target), tokenize(prediction)
    whole = _f_measure(_lcs_length(expected, actual), len(actual), len(expected)) if expected and actual else 0.0
    lines = [line for line in target.split("\n") if line], [line for line in prediction.split("\n") if line]
    # With one line each, the union of common subsequences is the longest common subsequence itself.
    summary = whole if len(lines[0]) <= 1 >= len(lines[1]) else _score_summary(*lines, tokenize)
    return _score_ngrams(expected, actual, 1), _score_ngrams(expected, actual, 2), whole, summary


def _score_ngrams(expected: list[str], actual: list[str], n: int) -> float:
    wanted, found = (Counter(zip(*(tokens[i:] for i in range(n)), strict=False)) for tokens in (expected, actual))
    common = sum(min(count, found[ngram]) for ngram, count in wanted.items())
    return _f_measure(common, max(sum(found.values()), 1), max(sum(wanted.values()), 1))


def _score_summary(expected: list[str], actual: list[str], tokenize: Tokenize) -> float:
    from rouge_score import rouge_scorer

    library: Any = rouge_scorer
    score = library._summary_level_lcs([tokenize(line) for line in expected], [tokenize(line) for line in actual])
    return float(score.fmeasure)


def _f_measure(common: int, predicted: int, expected: int) -> float:
    precision, recall = common / predicted, common / expected
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _lcs_length(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, with one bit for each word (Hyyrö 2004)."""
    masks: dict[str, int] = {}
    for position, word in enumerate(left):
        masks[word] = masks.get(word, 0) | 1 << position
    full = (1 << len(left)) - 1
    row = full
    for word in right:
        matched = row & masks.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(left) - row.bit_count()


def _build_tokenizer(name: str, *, stemmer: bool) -> Tokenize:
    if name == "whitespace":
        return str.split
    if name == "unicode":
        return find_words
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=stemmer).tokenize
