from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vong.records import Example, ExampleOrigin, Message, content_hash, new_id

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_ids_sort_by_time_and_are_version_7() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [new_id(start + timedelta(milliseconds=step)) for step in range(50)]
    assert ids == sorted(ids)
    assert {created.version for created in ids} == {7}
    assert {created.variant for created in ids} == {"specified in RFC 4122"}
    assert ids[7].int >> 80 == int(start.timestamp() * 1000) + 7


def test_consecutive_ids_of_one_millisecond_sort_in_order_of_creation() -> None:
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(ids)


def test_ids_of_one_millisecond_differ() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({new_id(at) for _ in range(10_000)}) == 10_000


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_the_content_hash_is_independent_of_key_order(value: dict[str, object]) -> None:
    assert content_hash(value) == content_hash(dict(reversed(value.items())))


def example(text: str = "hi", **more: object) -> Example:
    return Example.model_validate(
        {"messages": [{"role": "user", "content": text}], "completion": {"role": "assistant", "content": "yes"}, **more}
    )


def test_equal_conversations_of_different_origin_are_the_same_example() -> None:
    here = example(metadata={"split": "train"}, origin=ExampleOrigin(kind="file", id="a#1"))
    assert here.hash == example(weight=2.0).hash
    assert here.hash != example("ho").hash


@given(st.text(), st.text())
def test_an_example_round_trips_as_json(question: str, answer: str) -> None:
    created = Example(
        messages=(Message(role="user", content=question),), completion=Message(role="assistant", content=answer)
    )
    assert Example.model_validate_json(created.model_dump_json()) == created


def test_records_are_frozen_and_reject_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        setattr(example(), "weight", 3.0)  # noqa: B010
    with pytest.raises(ValidationError):
        example(wieght=3.0)


def test_the_text_of_a_message_in_parts() -> None:
    parts = [{"type": "text", "text": "see "}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "this"}]
    assert Message(role="user", content=parts).text == "see this"
