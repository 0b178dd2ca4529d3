"""Search and counts of rows by text, labels and origin, on raw bytes with the same results as on records."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.data.factories import example, examples
from tests.data.test_api import Server, server
from vong import data
from vong.data.row_search import CASE_STABLE_RUN, CompiledRowFilter, RowFilter, count_matches
from vong.data.rows import list_rows
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, ExampleOrigin, Operation
from vong.store.blobs import BlobStore

__all__ = ["server"]


def row(number: int) -> Example:
    made = example(
        f"Câu hỏi số {number}: STRASSE und Straße",
        {"intent": "refund" if number % 3 else "cancel a plan", "urgent": number % 2 == 0},
        id=number,
        split="train" if number % 4 else "test",
    )
    kind = "span" if number % 5 == 0 else "file"
    return made.model_copy(update={"origin": ExampleOrigin(kind=kind, id=f"o{number}")})


@pytest.fixture
def version(connection: Connection, blobs: BlobStore) -> DatasetVersion:
    # Long enough for several blocks, so that the search skips a block without the text.
    rows = [row(number) for number in range(1, 5001)]
    return data.write(connection, blobs, "many", rows, Operation(name="import"))


@pytest.mark.parametrize(
    ("criteria", "matches"),
    [
        (RowFilter(text="SỐ 77:"), lambda n: n == 77),
        (RowFilter(text="strasse und strasse"), lambda n: True),
        (RowFilter(text="und straSSe"), lambda n: True),
        (RowFilter(labels=("completion.intent=Cancel a plan",)), lambda n: n % 3 == 0),
        (RowFilter(labels=("completion.urgent=true", "metadata.split=test")), lambda n: n % 4 == 0),
        (RowFilter(origin="span", split="test"), lambda n: n % 20 == 0),
        (RowFilter(metadata=("id=4999",)), lambda n: n == 4999),
        (RowFilter(split="train"), lambda n: n % 4 > 0),
        (RowFilter(text='"'), lambda n: True),
        (RowFilter(text="nowhere"), lambda n: False),
        (RowFilter(), lambda n: True),
    ],
)
def test_a_filter_finds_exactly_the_matching_rows(
    blobs: BlobStore, version: DatasetVersion, criteria: RowFilter, matches: Callable[[int], bool]
) -> None:
    expected = [number for number in range(1, 5001) if matches(number)]
    assert [number for number, _ in CompiledRowFilter(criteria).iter_matches(blobs, version)] == expected
    assert count_matches(blobs, version, criteria) == len(expected)
    behind = [number for number in expected if number > 3000][:7]
    assert [found.number for found in list_rows(blobs, version, criteria, after=3000, limit=7)] == behind


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(examples(), min_size=1, max_size=6), st.text(min_size=1, max_size=3))
def test_text_search_on_bytes_equals_search_on_records(
    connection: Connection, blobs: BlobStore, rows: list[Example], text: str
) -> None:
    version = data.write(connection, blobs, "any", rows, Operation(name="import"))
    row_texts = [f"{one.prompt_text}\n{one.completion_text}".casefold() for one in rows]
    expected = [number for number, words in enumerate(row_texts, 1) if text.casefold() in words]
    assert [found.number for found in list_rows(blobs, version, RowFilter(text=text))] == expected


def test_no_letter_folds_to_a_character_that_is_treated_as_caseless() -> None:
    letters = (chr(code) for code in range(128, 0x110000) if not 0xD800 <= code < 0xE000)
    folded = {sign for letter in letters for sign in letter.casefold() if sign.isascii()}
    assert "s" in folded
    assert not [sign for sign in folded if CASE_STABLE_RUN.fullmatch(2 * sign.encode())]


@pytest.mark.parametrize("labels", [("intent=x",), ("completion.intent",)])
def test_invalid_label_filters_are_rejected(labels: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        CompiledRowFilter(RowFilter(labels=labels))


def test_rows_are_filtered_and_counted_over_the_api(server: Server) -> None:
    version = server.data.append("small", [row(number) for number in range(1, 31)])
    found = server.data.rows(version.ref, labels={"completion.intent": "refund"}, origin="span")
    assert [one.number for one in found] == [5, 10, 20, 25]
    assert server.data.count(version.ref, labels={"completion.intent": "refund"}, origin="span") == 4
    assert server.data.count(version.ref, split="test", text="câu hỏi") == 7
    with pytest.raises(InvalidInput, match="unknown filter 'colour'"):
        server.data.count(version.ref, colour="red")
