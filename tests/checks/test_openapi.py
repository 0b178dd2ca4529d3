"""OpenAPI description, from which the types of the console are generated."""

from typing import Any

import pytest

from tools import reference

VERBS = (
    "add answer append apply approve ask assign cancel change check clean clear compare complete compress count "
    "create decide delete deploy download edit estimate evaluate export finish get harvest import ingest judge "
    "keep list log merge open plan preview profile publish receive record render reopen reset resolve restart "
    "resume retry revoke roll rotate run save score search send set sign split start stop stream summarize switch "
    "sync take test tune unpublish update upload use verify wake"
)
"""Verbs with which an operation name may start."""


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    return reference.description()


def test_the_exported_description_equals_that_of_the_program() -> None:
    written = reference.OPENAPI.read_text(encoding="utf-8")
    assert written == reference.openapi(), "run: make docs, then the console's types: npm run api (in web/)"


def test_every_operation_has_a_short_unique_name(operations: dict[str, Any]) -> None:
    names = [
        (operation["operationId"], operation["tags"][0])
        for methods in operations["paths"].values()
        for operation in methods.values()
    ]
    assert len({name for name, _ in names}) == len(names)
    assert [name for name, tag in names if not name.startswith(f"{tag}_") or "api_v1" in name] == []


def test_every_operation_name_starts_with_a_verb(operations: dict[str, Any]) -> None:
    names = [
        operation["operationId"].removeprefix(f"{operation['tags'][0]}_")
        for methods in operations["paths"].values()
        for operation in methods.values()
    ]
    assert [name for name in names if name.partition("_")[0] not in VERBS.split()] == []


def test_no_two_records_share_a_name(operations: dict[str, Any]) -> None:
    crowded = [
        name for name in operations["components"]["schemas"] if "__" in name or name.endswith(("-Input", "-Output"))
    ]
    assert not crowded, "two records have this name, or one is read and written in two shapes: rename one"


def test_streams_are_described_as_events(operations: dict[str, Any]) -> None:
    streams = [path for path in operations["paths"] if path.endswith(("/events", "/tail"))]
    assert streams
    for path in streams:
        content = operations["paths"][path]["get"]["responses"]["200"]["content"]
        assert list(content) == ["text/event-stream"], (path, list(content))
