"""Examples for tests of datasets."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from vong.records import Example, Message


def example(text: str, answer: str | dict[str, Any] | None = "yes", **metadata: Any) -> Example:
    """Return an example with one user message and its completion."""
    content = json.dumps(answer, separators=(",", ":")) if isinstance(answer, dict) else answer
    completion = Message(role="assistant", content=content) if content is not None else None
    return Example(messages=(Message(role="user", content=text),), completion=completion, metadata=metadata)


SENTENCES: tuple[str, ...] = (
    "the card reader loses its connection every evening around closing time",
    "please send last month's invoice again, the attachment could not be opened",
    "how do we add a second shop to our account before the season starts",
    "the parcel with the receipt rolls has not arrived although it was sent on Monday",
    "somebody changed the password and now nobody in the office can sign in",
    "we were charged twice for the same subscription and want one payment back",
    "the stock list shows minus four boxes of oat milk, which cannot be right",
    "can the roster be printed with one page for each week of the month",
)


WORDS = "amber birch cedar delta ember flint grove hazel iris jade kelp lemon maple north olive pearl"


def distinct_texts(count: int) -> list[str]:
    """Return texts of which no two are near-duplicates."""
    words = WORDS.split()
    return [
        f"{words[number % 16]} {number * 7919 % 104729} {words[number // 16 % 16]} {SENTENCES[number % 8][::-1]} "
        f"{' '.join(words[(number * step) % 16] + str(number * step) for step in (3, 5, 7, 11, 13))}"
        for number in range(count)
    ]


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
RESERVED_NAMES = {
    *("messages", "prompt", "completion", "tools", "metadata", "weight", "chosen", "rejected", "system"),
    *("conversations", "instruction", "input", "output", "history"),
}
metadatas = st.dictionaries(texts.filter(lambda name: name not in RESERVED_NAMES), values, max_size=3)
weights = st.floats(0.1, 10, allow_nan=False)


def user(content: str) -> Message:
    return Message(role="user", content=content)


def assistant(content: str) -> Message:
    return Message(role="assistant", content=content)


@st.composite
def conversations(draw: st.DrawFn, *, system: bool = True, turns: int = 2) -> tuple[Message, ...]:
    """Draw alternating user and assistant messages that end with a user message."""
    messages: list[Message] = []
    if system and draw(st.booleans()):
        messages.append(Message(role="system", content=draw(texts)))
    for _ in range(draw(st.integers(0, turns))):
        messages += [user(draw(texts)), assistant(draw(texts))]
    return (*messages, user(draw(texts)))


@st.composite
def examples(draw: st.DrawFn, *, system: bool = True, turns: int = 2) -> Example:
    """Draw an example with a completion."""
    return Example(
        messages=draw(conversations(system=system, turns=turns)),
        completion=assistant(draw(texts)),
        metadata=draw(metadatas),
        weight=draw(weights),
    )


def completion_texts(rows: Sequence[Example]) -> list[str]:
    return [row.completion_text for row in rows]
