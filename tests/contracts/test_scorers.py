"""Contract of all installed scorers."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from vong import plugins
from vong.errors import InvalidInput, NotFound
from vong.evals import scoring
from vong.evals.scorers import Scorer

SPECIAL = {
    *("bert_score", "code_execution", "cost", "embedding_similarity", "groundedness", "json_schema", "judge"),
    *(
        "language",
        "latency",
        "length",
        "meteor",
        "numeric",
        "perplexity",
        "python_function",
        "refusal",
        "regex",
        "sql_equivalence",
        "ter",
    ),
    *("token_f1", "tool_call_match", "toxic_words"),
}
"""Scorers that need more than two texts, or whose best value is not that of an output equal to its reference."""
NAMES = [name for name in plugins.list_extensions("scorer") if name not in SPECIAL]

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
texts = st.one_of(words, st.text("ab {}\"':,0đấ\n", max_size=30))
tickets = st.fixed_dictionaries(
    {"product": st.sampled_from(["Sổ", "Kho"]), "urgency": st.sampled_from(["low", "high"]), "summary": words}
)
# At least four words, because BLEU is undefined for shorter texts.
references = tickets.map(
    lambda ticket: json.dumps({**ticket, "note": "the printer prints no invoice at all today"}, ensure_ascii=False)
)


def create_scorer(name: str) -> Scorer:
    return plugins.load_extension("scorer", name)()


def total(name: str, pairs: list[tuple[str, str]], **options: Any) -> dict[str, float]:
    chosen = [scoring.ConfiguredScorer(name, plugins.load_extension("scorer", name)(**options))]
    return scoring.compute_totals(chosen, [scoring.score_output(chosen, *pair) for pair in pairs])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(answers=st.lists(texts, min_size=1, max_size=4), data=st.data())
def test_every_total_is_between_zero_and_the_best_value(name: str, answers: list[str], data: st.DataObject) -> None:
    pairs = [(answer, data.draw(references)) for answer in answers]
    scorer = create_scorer(name)
    for value in total(name, pairs).values():
        assert 0.0 <= value <= scorer.best + 1e-9
    for answer, reference in pairs:
        for one in scorer.measure(answer, reference).values():
            assert 0.0 <= one.value <= scorer.best + 1e-9


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(expected=st.lists(references, min_size=1, max_size=4))
def test_an_output_equal_to_its_reference_has_the_best_score(name: str, expected: list[str]) -> None:
    best = create_scorer(name).best
    found = total(name, [(reference, reference) for reference in expected])
    assert found
    assert all(value == pytest.approx(best) for value in found.values())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(texts, references), min_size=1, max_size=6), seed=st.integers(0, 9))
def test_the_order_of_the_outputs_does_not_matter(name: str, pairs: list[tuple[str, str]], seed: int) -> None:
    shuffled = list(pairs)
    random.Random(seed).shuffle(shuffled)
    assert total(name, shuffled) == total(name, pairs)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_output_scores_zero(name: str) -> None:
    found = total(name, [("", '{"product": "Kho", "note": "một hai ba bốn"}')])
    assert found
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize("name", plugins.list_extensions("scorer"))
def test_every_scorer_has_a_page_a_signature_and_typed_options(name: str) -> None:
    info = next(info for info in scoring.list_scorers() if info.name == name)
    assert len(info.about) > 60
    assert all(option in info.about for option in info.options)
    assert info.signature or info.required or info.unavailable
    assert info.group != "other"


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(texts, texts), min_size=1, max_size=8))
def test_bleu_and_chrf_equal_sacrebleu_exactly(pairs: list[tuple[str, str]]) -> None:
    answers, expected = [answer for answer, _ in pairs], [[reference for _, reference in pairs]]
    assert total("bleu", pairs) == {"bleu": BLEU().corpus_score(answers, expected).score}
    assert total("bleu", pairs, tokenize="char") == {
        "bleu": BLEU(tokenize="char").corpus_score(answers, expected).score
    }
    assert total("chrf", pairs) == {"chrf": CHRF().corpus_score(answers, expected).score}
    assert total("chrf", pairs, word_order=2) == {"chrf": CHRF(word_order=2).corpus_score(answers, expected).score}


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(texts, texts), min_size=1, max_size=6), stemmer=st.booleans())
def test_rouge_equals_rouge_score(pairs: list[tuple[str, str]], stemmer: bool) -> None:
    types = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    library = RougeScorer(types, use_stemmer=stemmer)
    found = total("rouge", pairs, stemmer=stemmer)
    for kind in types:
        values = [library.score(reference, answer)[kind].fmeasure for answer, reference in pairs]
        assert found[kind] == pytest.approx(sum(values) / len(values), rel=1e-15)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(texts, st.lists(texts, min_size=1, max_size=3)), min_size=1, max_size=5))
def test_several_references_are_scored_as_by_the_libraries(rows: list[tuple[str, list[str]]]) -> None:
    answers = [answer for answer, _ in rows]
    most = max(len(expected) for _, expected in rows)
    # sacrebleu takes one list per reference number; None marks an output with fewer references.
    streams: Any = [[expected[n] if n < len(expected) else None for _, expected in rows] for n in range(most)]
    chosen = scoring.build_scorers(["bleu", "chrf", "rouge", "exact_match"])
    found = scoring.compute_totals(chosen, [scoring.score_output(chosen, answer, *more) for answer, more in rows])
    assert found["bleu"] == BLEU().corpus_score(answers, streams).score
    assert found["chrf"] == CHRF().corpus_score(answers, streams).score
    library = RougeScorer(["rougeL"])
    best = [library.score_multi(more, answer)["rougeL"].fmeasure for answer, more in rows]
    assert found["rougeL"] == pytest.approx(sum(best) / len(best), rel=1e-15)
    expected = [
        any(create_scorer("exact_match").measure(answer, one)["exact_match"].value for one in more)
        for answer, more in rows
    ]
    assert found["exact_match"] == sum(expected) / len(expected)
    signatures = scoring.collect_signatures(chosen, several_references=True)
    assert all("nrefs:var" in signature for signature in signatures.values())


def test_the_signatures_equal_those_of_the_libraries() -> None:
    bleu = BLEU()
    bleu.corpus_score(["a"], [["a"]])
    assert create_scorer("bleu").signature == f"BLEU|{bleu.get_signature()}"
    assert create_scorer("chrf").signature.startswith("chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    assert "stemmer:no" in create_scorer("rouge").signature
    assert "version:0." in create_scorer("rouge").signature


def test_exact_match_on_fields_requires_all_fields() -> None:
    reference = '{"product": "Kho", "urgency": "high", "summary": "x"}'
    pairs = [
        ('{"urgency": "high", "product": "Kho", "summary": "y"}', reference),
        ('{"urgency": "low", "product": "Kho", "summary": "x"}', reference),
        ('{"product": "Kho"}', reference),
        ("Kho, high", reference),
    ]
    assert total("exact_match", pairs, fields=("product", "urgency")) == {"exact_match": 0.25}


def test_exact_match_distinguishes_true_from_one_and_normalizes_only_as_configured() -> None:
    assert total("exact_match", [('{"a": 1}', '{"a": true}')], fields=("a",)) == {"exact_match": 0.0}
    assert total("exact_match", [("Xin  chào! ", "Xin chào!")]) == {"exact_match": 1.0}
    assert total("exact_match", [("xin chào", "Xin chào!")]) == {"exact_match": 0.0}
    forgiving = {"ignore_case": True, "ignore_punctuation": True}
    assert total("exact_match", [("xin chào", "Xin chào!")], **forgiving) == {"exact_match": 1.0}
    assert total("exact_match", [("cà", "cà")]) == {"exact_match": 1.0}


def test_json_fields_counts_each_field_over_the_references_that_have_it() -> None:
    pairs = [('{"a": 1, "b": 2}', '{"a": 1, "b": 3}'), ('{"a": 1}', '{"a": 1}'), ("no", "not an object")]
    assert total("json_fields", pairs) == {"json_fields": 0.75, "json_fields.a": 1.0, "json_fields.b": 0.0}


def test_json_valid_is_strict_by_default() -> None:
    fence = '```json\n{"a": 1}\n```'
    assert total("json_valid", [(fence, "")]) == {"json_valid": 0.0}
    assert total("json_valid", [(fence, "")], fenced=True) == {"json_valid": 1.0}
    assert total("json_valid", [("NaN", ""), ('{"a": 1} and more', "")]) == {"json_valid": 0.0}
    schema = '{"type": "object", "required": ["a"]}'
    assert total("json_valid", [('{"a": 1}', ""), ("{}", "")], schema=schema) == {"json_valid": 0.5}


def test_options_are_parsed_from_text_and_validated() -> None:
    chosen = scoring.build_scorers(["exact_match:fields=product,urgency;ignore_case=true", "chrf:word_order=2"])
    assert "fields:product+urgency" in chosen[0].scorer.signature
    assert "nw:2" in chosen[1].scorer.signature
    with pytest.raises(NotFound, match="did you mean 'rouge'"):
        scoring.build_scorers(["roug"])
    with pytest.raises(InvalidInput, match="has no option 'stem'"):
        scoring.build_scorers(["rouge:stem=yes"])
    with pytest.raises(InvalidInput, match="word_order"):
        scoring.build_scorers(["chrf:word_order=two"])
    with pytest.raises(InvalidInput, match="once"):
        scoring.build_scorers(["bleu", "bleu:lowercase=true"])
