"""Guard that requires JSON of an agreed schema."""

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from pydantic import Field

from vong.errors import GuardFailed
from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.json_schemas import PatternTimeout, SafeSchema
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
        del dependencies
        self._fenced = settings.fenced
        self._schema = SafeSchema(settings.json_schema, "json_schema")

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return a `not_json` or `not_of_schema` detection.

        Raises: GuardFailed if a pattern of the schema takes too long for the text.
        """
        del ask
        fenced = CODE_FENCE.fullmatch(text) if self._fenced else None
        try:
            value = json.loads(fenced[1] if fenced else text, parse_constant=_reject_constant)
        except (ValueError, RecursionError):
            return [Detection("not_json")]
        try:
            return [] if self._schema.is_valid(value) else [Detection("not_of_schema")]
        except PatternTimeout as error:
            raise GuardFailed(str(error), "rewrite the pattern without nested repetition") from None


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
