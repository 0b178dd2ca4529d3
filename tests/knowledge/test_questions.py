"""Questions of a base: import, review, and question sets."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection

from vong.errors import Conflict, InvalidInput, NotFound
from vong.knowledge.documents import ensure_base
from vong.knowledge.question import ExpectedPassage, QuestionContent
from vong.knowledge.question_generation import SourcePassage, build_generation_messages, parse_generated
from vong.knowledge.question_import import parse_questions
from vong.knowledge.questions import (
    QuestionOrigin,
    QuestionReview,
    add_questions,
    count_questions,
    delete_question,
    freeze_questions,
    get_question_set,
    list_question_sets,
    list_questions,
    review_question,
)

OWN = QuestionOrigin("own", "lan")
GENERATED = QuestionOrigin("generated", "lan", "proposed", {"model": "m"})


def content(question: str, path: str = "a.md", quote: str = "a fact", **fields: Any) -> QuestionContent:
    return QuestionContent(question=question, passages=(ExpectedPassage(path=path, quote=quote),), **fields)


@pytest.fixture
def base(connection: Connection) -> str:
    ensure_base(connection, "handbook")
    return "handbook"


def test_csv_rows_with_one_question_are_one_question_with_several_passages() -> None:
    file = (
        "\ufeffQuestion;Path;Quote;Answer;Answerable;Note\r\n"
        'How long?;a.md;"within 14; days";14 days;;x\r\n'
        "How long?;b.md;two weeks;;;\r\n"
        "Who founded it?;;;;no;\r\n"
    )
    first, second = parse_questions(file.encode(), "Questions.CSV")
    assert [(one.path, one.quote) for one in first.passages] == [("a.md", "within 14; days"), ("b.md", "two weeks")]
    assert first.answer == "14 days"
    assert (second.answerable, second.passages) == (False, ())


def test_json_lines_keep_vietnamese_text_and_line_separators() -> None:
    row = {"question": "Thời hạn\u2028là bao lâu?", "path": "a.md", "quote": "14 ngày"}
    text = json.dumps(row, ensure_ascii=False) + "\n\n" + json.dumps({"question": "Why?", "answer": "Because"})
    first, second = parse_questions(text.encode(), "q.jsonl")
    assert first.question == row["question"]
    assert second.answer == "Because"


@pytest.mark.parametrize(
    ("file", "name", "reason"),
    [
        (b"", "q.jsonl", "contains no question"),
        (b"\n", "q.csv", "no column 'question'"),
        (b"frage,pfad\na,b\n", "q.csv", r"no column 'question' \(columns: frage, pfad\)"),
        (b"question,path\nWhy?,\n", "q.csv", "line 2: the question has no expected passage and no expected answer"),
        (b'{"question": "a"\n["x"]\n{"question": "b"}', "q.jsonl", "3 faulty lines: line 1: not JSON.*line 2: not a"),
        (b'{"question": "a", "passages": [{"quote": "x"}]}', "q.jsonl", r"line 1: passages\.0\.path: Field required"),
        (b'{"question": "a", "passages": "x"}', "q.jsonl", "line 1: passages: "),
        (b"question,answerable\na,maybe\n", "q.csv", "line 2: answerable: "),
        ("question,path\nWarum für,a\n".encode("latin-1"), "q.csv", "not UTF-8 at byte 21"),
    ],
)
def test_a_faulty_file_is_rejected_with_its_lines(file: bytes, name: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse_questions(file, name)


@pytest.mark.parametrize(
    "fields",
    [
        {"question": " ", "answer": "x"},
        {"question": "x"},
        {"question": "x", "answer": "y", "answerable": False},
        {"question": "x" * 4001, "answer": "y"},
        {"question": "x", "passages": [{"path": "a", "relevance": 0}]},
    ],
)
def test_invalid_questions_are_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QuestionContent.model_validate(fields)


def test_an_import_is_repeatable_and_replaces_changed_answers(connection: Connection, base: str) -> None:
    questions = [content("How long?"), content("Who pays?"), content("HOW  long?", quote="another")]
    added = add_questions(connection, base, questions[:2], OWN)
    assert (added.added, added.changed, added.unchanged) == (2, 0, 0)
    again = add_questions(connection, base, questions, OWN)
    assert (again.added, again.changed, again.unchanged) == (0, 1, 2)
    assert {one.passages[0].quote for one in list_questions(connection, base)} == {"another", "a fact"}
    generated = add_questions(connection, base, [content("who pays?", quote="wrong"), content("New?")], GENERATED)
    assert (generated.added, generated.unchanged) == (1, 1)
    assert count_questions(connection, base) == {"proposed": 1, "accepted": 2, "rejected": 0}


def test_only_accepted_questions_are_in_a_set_and_its_hash_is_that_of_their_content(
    connection: Connection, base: str
) -> None:
    with pytest.raises(InvalidInput, match="no accepted question"):
        freeze_questions(connection, base)
    added = add_questions(connection, base, [content("A?"), content("B?")], GENERATED)
    with pytest.raises(InvalidInput) as error:
        freeze_questions(connection, base)
    assert "accept some of the 2 proposed ones" in error.value.hint
    review_question(connection, base, added.ids[0], QuestionReview(state="accepted"), "lan")
    edited = QuestionReview(state="accepted", content=content("B, really?"))
    reviewed = review_question(connection, base, added.ids[1], edited, "mai")
    assert (reviewed.edited, reviewed.reviewed_by, reviewed.question) == (True, "mai", "B, really?")
    first = freeze_questions(connection, base)
    assert freeze_questions(connection, base) == first
    delete_question(connection, base, added.ids[1])
    second = freeze_questions(connection, base)
    assert (second.number, len(second.questions), len(get_question_set(connection, base, 1).questions)) == (2, 1, 2)
    # the same content again, under another id, is the first set
    add_questions(connection, base, [content("B, really?")], OWN)
    assert freeze_questions(connection, base).number == 1
    assert [(one.number, one.questions) for one in list_question_sets(connection, base)] == [(2, 1), (1, 2)]


def test_an_edit_cannot_repeat_another_question(connection: Connection, base: str) -> None:
    added = add_questions(connection, base, [content("A?"), content("B?")], OWN)
    with pytest.raises(Conflict, match="has the question already"):
        review_question(connection, base, added.ids[0], QuestionReview(content=content("b?")), "lan")


def test_a_missing_base_suggests_the_nearest_name(connection: Connection, base: str) -> None:
    with pytest.raises(NotFound) as error:
        list_questions(connection, "handbok")
    assert base in error.value.hint


def test_generated_questions_need_a_literal_quote_and_no_reference_to_their_passage() -> None:
    passage = SourcePassage("a.md", "Refunds", "Limits", "Refunds above 500 euros need a supervisor's approval.")
    good = {"question": "Who approves?", "answer": "A supervisor", "quote": "need a supervisor's approval"}
    invented = {**good, "quote": "agents may approve everything"}
    vague = {**good, "question": "What does this passage say?"}
    text = f"Sure:\n```json\n{json.dumps({'questions': [good, invented, vague]})}\n```"
    questions, dropped = parse_generated(text, passage, 5)
    assert [(one.question, one.passages[0].path) for one in questions] == [("Who approves?", "a.md")]
    assert dropped == ["a quote is not in its passage", "a question refers to its passage"]
    assert parse_generated("no JSON", passage, 5) == ([], ["the answer is not JSON with questions"])
    assert parse_generated('{"questions": []}', passage, 5) == ([], [])
    messages = build_generation_messages(passage, 2, "passage-1f")
    assert "<passage-1f>\nRefunds above" in messages[1].text
