"""JSON of a form that was agreed on."""

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from pydantic import Field

from vong.errors import InvalidInput
from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.records import Record

FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", re.DOTALL | re.IGNORECASE)


class JsonSchemaGuardSettings(Record):
    """What is agreed on."""

    json_schema: dict[str, Any] = Field(default={}, description="A JSON Schema; without one any JSON will do.")
    fenced: bool = Field(default=False, description="A Markdown code fence round the JSON is forgiven.")


class JsonSchemaGuard:
    """JSON: the answer, or what the user said last, is one JSON value that fits a JSON Schema (draft 2020-12)."""

    Settings: ClassVar[type[Record]] = JsonSchemaGuardSettings
    reads: ClassVar[Reads] = "last"
    every: ClassVar[int | None] = None

    def __init__(self, settings: JsonSchemaGuardSettings, aids: GuardDependencies) -> None:
        from jsonschema import Draft202012Validator, SchemaError
        from referencing import Registry

        del aids
        self._fenced = settings.fenced
        try:
            Draft202012Validator.check_schema(settings.json_schema)
        except SchemaError as error:
            message = f"json_schema is no JSON Schema: {error.message}"
            raise InvalidInput(message, "see https://json-schema.org/draft/2020-12") from error
        # An empty registry: a schema that refers to an address is not fetched.
        self._validator = Draft202012Validator(settings.json_schema, registry=Registry())

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """`not_json`, or `not_of_schema`."""
        from referencing.exceptions import Unresolvable

        del ask
        fenced = FENCE.fullmatch(text) if self._fenced else None
        try:
            value = json.loads(fenced[1] if fenced else text, parse_constant=_no)
        except (ValueError, RecursionError):
            return [Detection("not_json")]
        try:
            return [] if self._validator.is_valid(value) else [Detection("not_of_schema")]
        except Unresolvable as error:
            raise InvalidInput(f"the schema refers to what is not in it: {error}", "put it under $defs") from error


def _no(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
