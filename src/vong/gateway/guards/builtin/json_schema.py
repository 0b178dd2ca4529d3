"""Guard that requires JSON of an agreed schema."""

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from pydantic import Field

from vong.errors import InvalidInput
from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.records import Record

CODE_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", re.DOTALL | re.IGNORECASE)


class JsonSchemaGuardSettings(Record):
    """Agreed form of the JSON."""

    json_schema: dict[str, Any] = Field(default={}, description="A JSON Schema. Leave empty to accept any JSON.")
    fenced: bool = Field(default=False, description="Accept a Markdown code fence around the JSON.")


class JsonSchemaGuard:
    """JSON: the response, or the last user text, is one JSON value that matches a JSON Schema (draft 2020-12)."""

    Settings: ClassVar[type[Record]] = JsonSchemaGuardSettings
    text_scope: ClassVar[TextScope] = "last"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: JsonSchemaGuardSettings, dependencies: GuardDependencies) -> None:
        from jsonschema import Draft202012Validator, SchemaError
        from referencing import Registry

        del dependencies
        self._fenced = settings.fenced
        try:
            Draft202012Validator.check_schema(settings.json_schema)
        except SchemaError as error:
            message = f"json_schema is not a valid JSON Schema: {error.message}"
            raise InvalidInput(message, "see https://json-schema.org/draft/2020-12") from error
        # The registry is empty, so that a schema which refers to a URL is not fetched.
        self._validator = Draft202012Validator(settings.json_schema, registry=Registry())

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return a `not_json` or `not_of_schema` detection."""
        from referencing.exceptions import Unresolvable

        del ask
        fenced = CODE_FENCE.fullmatch(text) if self._fenced else None
        try:
            value = json.loads(fenced[1] if fenced else text, parse_constant=_reject_constant)
        except (ValueError, RecursionError):
            return [Detection("not_json")]
        try:
            return [] if self._validator.is_valid(value) else [Detection("not_of_schema")]
        except Unresolvable as error:
            raise InvalidInput(
                f"the JSON Schema has an unresolvable reference: {error}", "define it under $defs"
            ) from error


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
