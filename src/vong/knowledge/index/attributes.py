"""Metadata of documents: stored with their chunks, and in a table by which selective filters are resolved."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, text

from vong.knowledge.index import vectors
from vong.knowledge.index.tables import attributes

ORDERED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def store_attributes(connection: Connection, document_id: UUID, base: str, metadata: Mapping[str, Any]) -> None:
    """Replace the attributes of a document, by which filters find it."""
    connection.execute(delete(attributes).where(attributes.c.document_id == document_id))
    rows = [
        {
            "document_id": document_id,
            "base": base,
            "key": key,
            "text": value if isinstance(value, str) else None,
            "number": value if isinstance(value, int | float) and not isinstance(value, bool) else None,
        }
        for key, value in metadata.items()
    ]
    if rows:
        connection.execute(insert(attributes), rows)


def find_selective(connection: Connection, base: str, filters: Mapping[str, Any]) -> vectors.Selection | None:
    """Return the documents that can match a filter if they are at most MAX_EXACT_DOCUMENTS, else None.

    Only comparisons that every match fulfils are looked up: one on the top level or in `and`.
    """
    for condition in _required_conditions(filters):
        found = _look_up(base, condition)
        if found is None:
            continue
        limit = vectors.MAX_EXACT_DOCUMENTS + 1
        statement = text(f"SELECT count(*) FROM ({found.query} LIMIT {limit}) AS found")  # noqa: S608
        if int(connection.scalar(statement, found.parameters) or 0) < limit:
            return found
    return None


def _required_conditions(filters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if filters["type"] == "and":
        return [condition for part in filters["filters"] for condition in _required_conditions(part)]
    is_document_key = filters.get("key") not in ("kind", "page", "title", "media_type")
    return [filters] if filters["type"] in ("eq", "in", *ORDERED) and is_document_key else []


def _look_up(base: str, condition: Mapping[str, Any]) -> vectors.Selection | None:
    kind, value = condition["type"], condition["value"]
    values = list(value) if kind == "in" else [value]
    if any(isinstance(item, bool) for item in values) or len({isinstance(item, str) for item in values}) != 1:
        return None
    column = "text" if isinstance(values[0], str) else "number"
    # SQL/JSON compares texts by code points, as the collation C does; an ordered text is not looked up.
    if kind in ORDERED and column == "text":
        return None
    if column == "number":
        values = [float(item) for item in values]
    is_equal = kind in ("eq", "in")
    test = f"{column} = ANY(:attribute_values)" if is_equal else f"{column} {ORDERED[kind]} :attribute_value"
    query = f"SELECT document_id FROM knowledge_attributes WHERE base = :base AND key = :attribute_key AND {test}"  # noqa: S608
    parameters: dict[str, object] = {"base": base, "attribute_key": condition["key"]}
    parameters |= {"attribute_values": values} if is_equal else {"attribute_value": values[0]}
    return vectors.Selection(query, parameters)
