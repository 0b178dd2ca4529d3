from hypothesis import given
from hypothesis import strategies as st

from vong.knowledge.chunking import chunk_document, full_text
from vong.knowledge.loaders import ParsedDocument, Section

sentences = st.text(alphabet="abc dệf.!?\n", min_size=1, max_size=200).filter(lambda text: text.strip())
texts = st.lists(sentences, min_size=1, max_size=5).map(
    lambda parts: ParsedDocument("t", tuple(Section(f"h{i}", part) for i, part in enumerate(parts)))
)


@given(texts, st.integers(20, 120), st.integers(0, 15))
def test_every_chunk_equals_the_text_at_its_offsets_and_respects_the_size(
    text: ParsedDocument, size: int, overlap: int
) -> None:
    whole = full_text(text)
    for piece in chunk_document(text, size=size, overlap=overlap):
        assert whole[piece.start : piece.end] == piece.text
        assert len(piece.text) <= size


@given(texts, st.integers(20, 120), st.integers(0, 15))
def test_no_word_of_the_document_is_lost(text: ParsedDocument, size: int, overlap: int) -> None:
    whole = full_text(text)
    covered = set[int]()
    for piece in chunk_document(text, size=size, overlap=overlap):
        covered.update(range(piece.start, piece.end))
    assert all(letter.isspace() for place, letter in enumerate(whole) if place not in covered)


def test_chunks_end_at_sentence_ends_and_overlap_by_whole_sentences() -> None:
    text = ParsedDocument("t", (Section("h", "One is here. Two is here. Three is here. Four is here."),))
    pieces = [piece.text for piece in chunk_document(text, size=30, overlap=14)]
    assert pieces == ["One is here. Two is here.", "Two is here. Three is here.", "Three is here. Four is here."]
