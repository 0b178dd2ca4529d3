import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.errors import InvalidInput
from vong.knowledge.index.chunkers import ChunkDraft, chunk_document, full_text
from vong.knowledge.loading.document import ParsedDocument, Section

MODEL_TOKENS = 128


def count_words(texts: Sequence[str]) -> list[int]:
    """Count a token for each letter of Chinese and each word of other scripts."""
    return [len(re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", text)) for text in texts]


def chunk(document: ParsedDocument, kind: str = "structure", **settings: Any) -> list[ChunkDraft]:
    return chunk_document(document, {"kind": kind, **settings}, count_words, MODEL_TOKENS)


sentences = st.text(alphabet="abc dệf.!?\n。", min_size=1, max_size=300).filter(lambda text: text.strip())
documents = st.lists(sentences, min_size=1, max_size=5).map(
    lambda parts: ParsedDocument(
        "t",
        tuple(Section(f"h{i}", part, kind="table" if i == 1 else "text") for i, part in enumerate(parts)),
    )
)
kinds = st.sampled_from(["structure", "tokens", "sentences", "questions", "parents"])


@settings(max_examples=60)
@given(documents, kinds, st.integers(16, 60), st.integers(0, 8))
def test_chunks_equal_the_text_at_their_offsets_and_cover_all_words(
    document: ParsedDocument, kind: str, tokens: int, overlap: int
) -> None:
    whole = full_text(document)
    covered = set[int]()
    for piece in chunk(document, kind, tokens=tokens, overlap=overlap):
        assert whole[piece.start : piece.end] == piece.text
        if piece.kind not in ("parent", "table"):
            assert count_words([piece.text])[0] <= tokens
            covered.update(range(piece.start, piece.end))
        elif piece.kind == "table":
            covered.update(range(piece.start, piece.end))
        # A word is not cut: the letters around an end are not both letters of one word.
        assert not (whole[piece.end - 1 : piece.end + 1].isalpha() and len(whole) > piece.end)
    assert all(letter.isspace() for place, letter in enumerate(whole) if place not in covered)


def section(text: str, **fields: Any) -> ParsedDocument:
    return ParsedDocument("t", (Section("h", text, **fields),))


def test_chunks_end_at_sentences_and_overlap_by_whole_sentences() -> None:
    text = " ".join(f"This is the sentence of number {number}." for number in range(6))
    pieces = chunk(section(text), tokens=16, overlap=8)
    assert [re.findall(r"\d", piece.text) for piece in pieces] == [
        ["0", "1"],
        ["1", "2"],
        ["2", "3"],
        ["3", "4"],
        ["4", "5"],
    ]


def test_chinese_is_cut_after_its_full_stop() -> None:
    pieces = chunk(section("退款在五天内支付到账。" * 10), tokens=24, overlap=0)
    assert len(pieces) > 1
    assert all(piece.text.endswith("。") for piece in pieces)


def test_a_text_without_sentence_ends_is_cut_between_words() -> None:
    text = " ".join(f"alpha{number:05}" for number in range(400))
    words = [word for piece in chunk(section(text), tokens=64, overlap=0) for word in piece.text.split()]
    assert words == text.split()


def test_a_table_is_kept_whole_and_a_large_one_keeps_its_header() -> None:
    rows = [f"| lamp {number} | {number} crowns |" for number in range(6)]
    table = section("\n".join(["| Item | Price |", *rows]), kind="table")
    assert len(chunk(table, tokens=20, overlap=0)) == 1
    large = section("\n".join(["| Item | Price |", *rows * 5]), kind="table")
    pieces = chunk(large, tokens=40, overlap=0)
    assert len(pieces) > 2
    assert all(piece.prefix == "| Item | Price |" for piece in pieces[1:])
    assert all(line.startswith("| lamp") and line.endswith("|") for line in pieces[1].text.splitlines())


def test_children_name_a_parent_that_contains_them() -> None:
    text = " ".join(f"Rule {number} is about another matter." for number in range(40))
    drafts = chunk(section(text), "parents", tokens=24, overlap=0, parent_tokens=96)
    children = [draft for draft in drafts if draft.parent is not None]
    assert len(children) > 4
    for child in children:
        parent = drafts[child.parent or 0]
        assert parent.kind == "parent"
        assert child.text in parent.text


def test_a_question_stays_with_its_answer() -> None:
    text = "Terms apply.\nQ: How long is the warranty?\nA: It is 24 months.\nHỏi: Khi nào hoàn tiền?\nTrong năm ngày."
    pieces = [piece.text for piece in chunk(section(text), "questions", overlap=0)]
    assert pieces == [
        "Terms apply.",
        "Q: How long is the warranty?\nA: It is 24 months.",
        "Hỏi: Khi nào hoàn tiền?\nTrong năm ngày.",
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "lines"}, "kind"),
        ({"kind": "structure", "tokens": 4}, "tokens"),
        ({"kind": "structure", "tokens": 64, "overlap": 60}, "more than half"),
        ({"kind": "parents", "tokens": 256, "parent_tokens": 64}, "smaller than"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        chunk_document(section("text"), settings, count_words, MODEL_TOKENS)


def test_navigation_is_not_chunked_unless_there_is_nothing_else() -> None:
    menu, body = Section("", "Home Prices Contact", kind="navigation"), Section("Fees", "Two percent of the sum.")
    for kind in ("structure", "tokens", "sentences", "parents", "questions"):
        document = ParsedDocument("Fees", (menu, body, menu))
        (piece,) = chunk(document, kind)
        assert full_text(document)[piece.start : piece.end] == piece.text == body.text
    assert len(chunk(ParsedDocument("Fees", (menu,)))) == 1
