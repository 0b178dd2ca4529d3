from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from vong.serving.engine.detokenizer import IncrementalDetokenizer


def decoder(text: str) -> tuple[list[int], Callable[[list[int]], str]]:
    """A tokenizer whose tokens are bytes: the worst case for characters cut in two."""
    return list(text.encode()), lambda ids: bytes(ids).decode(errors="replace")


def stream(text: str, stop: tuple[str, ...] = ()) -> tuple[str, IncrementalDetokenizer]:
    ids, decode = decoder(text)
    made = IncrementalDetokenizer(decode, stop)
    parts: list[str] = []
    for token in ids:
        parts.append(made.add_token(token))
        if made.stopped:
            break
    return "".join(parts) + made.finish(), made


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_the_pieces_make_the_text(text: str) -> None:
    assert stream(text)[0] == text


@given(st.text("ab\n"), st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3))
def test_nothing_from_a_stop_string_on_is_given_out(text: str, stops: list[str]) -> None:
    places = [text.find(stop) for stop in stops if stop in text]
    got, made = stream(text, tuple(stops))
    assert made.stopped == bool(places)
    # A longer stop string may begin earlier and end later than a shorter one: the first to be complete ends it.
    assert text.startswith(got)
    assert not any(stop in got for stop in stops)
    if not places:
        assert got == text


def test_a_character_of_several_tokens_comes_whole() -> None:
    ids, decode = decoder("à")
    made = IncrementalDetokenizer(decode)
    assert [made.add_token(token) for token in ids] == ["", "à"]
