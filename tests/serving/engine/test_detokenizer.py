from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from vong.serving.engine.transformers.detokenizer import IncrementalDetokenizer


def decoder(text: str) -> tuple[list[int], Callable[[list[int]], str]]:
    """Return a decoder whose tokens are bytes: the worst case for characters of several tokens."""
    return list(text.encode()), lambda ids: bytes(ids).decode(errors="replace")


def stream(text: str, stop: tuple[str, ...] = ()) -> tuple[str, IncrementalDetokenizer]:
    ids, decode = decoder(text)
    pieces = IncrementalDetokenizer(decode, stop)
    parts: list[str] = []
    for token in ids:
        parts.append(pieces.add_token(token))
        if pieces.stopped:
            break
    return "".join(parts) + pieces.finish(), pieces


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_the_concatenated_pieces_equal_the_text(text: str) -> None:
    assert stream(text)[0] == text


@given(st.text("ab\n"), st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3))
def test_no_text_from_a_stop_string_on_is_returned(text: str, stops: list[str]) -> None:
    places = [text.find(stop) for stop in stops if stop in text]
    got, pieces = stream(text, tuple(stops))
    assert pieces.stopped == bool(places)
    # The stop string that is complete first ends the text, even if a longer one starts earlier.
    assert text.startswith(got)
    assert not any(stop in got for stop in stops)
    if not places:
        assert got == text


def test_a_character_of_several_tokens_is_returned_in_one_piece() -> None:
    ids, decode = decoder("à")
    pieces = IncrementalDetokenizer(decode)
    assert [pieces.add_token(token) for token in ids] == ["", "à"]
