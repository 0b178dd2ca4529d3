"""Comparison of a sentence with a passage: words, numbers, names, negation and opposites."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.sentence_support.sentences import split_sentences
from vong.sentence_support.support import find_support, prepare_passage
from vong.sentence_support.words import matches, normalize_number

PASSAGE = prepare_passage(
    1,
    "Refunds above 500 euros need a supervisor's approval. A refund is paid within five working days. Agents may "
    "approve refunds alone, but trainees may not. Maria Weber leads the team in Hanoi since 2019. Thẻ nội địa có phí "
    "0,9% mỗi lần bán. Sách tham khảo không được mang về nhà. Máy khoá 30 phút, số mới có hiệu lực sau 48 giờ.",
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Refunds above 500 euros need a supervisor's approval.",
        "A refund is paid within 5 working days [1].",
        "Agents may approve refunds alone.",
        "Trainees may not approve refunds alone.",
        "Maria Weber leads the team since 2019.",
        "Phí của thẻ nội địa là 0,9% mỗi lần bán.",
        "Thẻ nội địa có phí 0.9% mỗi lần bán.",
        "Không được mang sách tham khảo về nhà.",
    ],
)
def test_a_true_sentence_has_no_reasons_against_it(sentence: str) -> None:
    support = find_support(split_sentences(sentence)[0].plain, PASSAGE)
    assert support.reasons == ()
    assert support.coverage >= 0.6


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Refunds above 600 euros need a supervisor's approval.", "number '600'"),
        ("A refund is paid within 6 working days.", "number '6'"),
        ("A refund is paid within seven working days.", "number 'seven'"),
        ("Refunds above 500 euros do not need a supervisor's approval.", "negation"),
        ("Agents may not approve refunds alone.", "negation"),
        ("Refunds below 500 euros need a supervisor's approval.", "opposite"),
        ("Since 2019 Peter Weber leads the team in Hanoi.", "name 'Peter'"),
        ("Maria Weber leads the team in Paris since 2019.", "name 'Paris'"),
        ("Maria Weber leads the team in Hanoi since 2018.", "number '2018'"),
        ("Thẻ nội địa có phí 1,9% mỗi lần bán.", "number '1,9'"),
        ("Sách tham khảo được mang về nhà.", "negation"),
        ("Số mới có hiệu lực sau 30 phút.", "number '48' instead of '30'"),
    ],
)
def test_a_changed_number_name_or_negation_is_named(sentence: str, reason: str) -> None:
    assert any(reason in found for found in find_support(sentence, PASSAGE).reasons)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,000", "1000"),
        ("1.000.000", "1000000"),
        ("1 000", "1000"),
        ("1,234.50", "1234.5"),
        ("2,5", "2.5"),
        ("3rd", "3rd"),
    ],
)
def test_numbers_have_one_form(text: str, number: str) -> None:
    assert normalize_number(text) == number


def test_forms_of_a_word_match_and_other_words_do_not() -> None:
    assert matches("approve", "approval") and matches("refund", "refunds")
    assert not matches("car", "care") and not matches("station", "statement") and not matches("12", "123")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Mr. Smith paid 3.5 % [2]! See e.g. rule 5. [3]", ["Mr. Smith paid 3.5 % [2]!", "See e.g. rule 5. [3]"]),
        ("It began on 1.5.2020. It ended.", ["It began on 1.5.2020.", "It ended."]),
        ("First [1]. Second [2, 3].", ["First [1].", "Second [2, 3]."]),
        ("- one [1]\n- two [2]\n\nThree", ["- one [1]", "- two [2]", "Three"]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("价格是十元。运费另计。", ["价格是十元。", "运费另计。"]),
        ("J. R. Tolkien wrote it.", ["J. R. Tolkien wrote it."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    found = split_sentences(text)
    assert [sentence.text for sentence in found] == sentences
    assert all(text[sentence.start : sentence.end] == sentence.text for sentence in found)


@given(st.text(alphabet="aB1 .,!?[]\n“đ。", max_size=120))
def test_offsets_of_sentences_are_exact_and_ordered(text: str) -> None:
    found = split_sentences(text)
    assert all(text[sentence.start : sentence.end] == sentence.text for sentence in found)
    assert "".join(sentence.text for sentence in found).replace(" ", "").replace("\n", "") == "".join(text.split())
    assert all(first.end <= second.start for first, second in pairwise(found))


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    passage = prepare_passage(1, "门票价格是十元。学生不需要付费。")
    assert find_support("门票的价格是十元。", passage).coverage >= 0.65
    assert find_support("学生需要付费。", passage).reasons
    assert find_support("图书馆明天关门。", passage).coverage < 0.65
