"""The description of the API that the console's types are generated from."""

from typing import Any

import pytest

from tools import reference

VERBS = (
    "add answer append cancel change clean clear compare count create decide delete edit evaluate finish get harvest "
    "import ingest list log plan preview profile put reset restart retry revoke rotate run search set sign split start "
    "stop stream summarize switch test"
)
"""Verbs that begin the name of an operation."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return reference.description()


def test_the_exported_description_is_what_the_program_says() -> None:
    written = reference.OPENAPI.read_text(encoding="utf-8")
    assert written == reference.openapi(), "run: make docs, then the console's types: npm run api (in web/)"


def test_every_operation_has_a_short_name_of_its_own(described: dict[str, Any]) -> None:
    names = [
        (operation["operationId"], operation["tags"][0])
        for methods in described["paths"].values()
        for operation in methods.values()
    ]
    assert len({name for name, _ in names}) == len(names)
    assert [name for name, tag in names if not name.startswith(f"{tag}_") or "api_v1" in name] == []


def test_every_operation_is_named_by_a_verb(described: dict[str, Any]) -> None:
    names = [
        operation["operationId"].removeprefix(f"{operation['tags'][0]}_")
        for methods in described["paths"].values()
        for operation in methods.values()
    ]
    assert [name for name in names if name.partition("_")[0] not in VERBS.split()] == []


def test_no_two_records_share_a_name(described: dict[str, Any]) -> None:
    crowded = [
        name for name in described["components"]["schemas"] if "__" in name or name.endswith(("-Input", "-Output"))
    ]
    assert not crowded, "two records have this name, or one is read and written in two shapes: rename one"


def test_what_is_streamed_is_described_as_events(described: dict[str, Any]) -> None:
    streams = [path for path in described["paths"] if path.endswith(("/events", "/tail"))]
    assert streams
    for path in streams:
        content = described["paths"][path]["get"]["responses"]["200"]["content"]
        assert list(content) == ["text/event-stream"], (path, list(content))
