"""Result of an import, and what all formats share: literal texts, variables and settings."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from vong.errors import InvalidInput
from vong.prompts.validation import KNOWN_SETTINGS, REQUEST_FIELDS
from vong.records.prompt import PromptTemplate

DOUBLE_BRACES = re.compile(r"\{\{\s*([^\W\d][\w.-]*)\s*\}\}")
"""Variable of Langfuse, OpenAI and Mustache."""
TAG_START = re.compile(r"\{(?=[{%#])")
ROLES = {"human": "user", "ai": "assistant", "function": "tool"}
"""Roles of other programs, with OpenAI's names."""


class ImportedPrompt(NamedTuple):
    """Template of another program, and a message with its origin and what was not imported."""

    template: PromptTemplate
    message: str


class TemplateBuilder:
    """Parts of a template as they are read."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.variables: dict[str, dict[str, Any]] = {}
        self.fields: dict[str, Any] = {}
        self.settings: dict[str, Any] = {}
        self.skipped: list[str] = []

    def variable(self, name: str) -> str:
        """Declare a variable of a text, and return the tag that inserts it."""
        valid = re.sub(r"\W", "_", name)
        self.variables.setdefault(valid, {"type": "string"})
        return f"{{{{ {valid} }}}}"

    def placeholder(self, name: str, *, optional: bool = False) -> None:
        """Add the place of the messages of a variable."""
        valid = re.sub(r"\W", "_", name)
        if optional:
            self.variables[valid] = {"type": "array", "default": []}
        self.messages.append({"placeholder": valid})

    def message(self, role: Any, content: Any, *, convert: Callable[[str], str]) -> None:
        """Add a message. `convert` turns each text into a template."""
        name = ROLES.get(str(role), str(role))
        self.messages.append({"role": name, "content": _convert_texts(content, convert)})

    def double_braces(self, text: str) -> str:
        """Return a template from a text whose variables are written `{{name}}`. Other braces are literal."""
        parts = DOUBLE_BRACES.split(text)
        tags = [self.variable(part) if number % 2 else part for number, part in enumerate(parts)]
        return join_literals(tags)

    def add_settings(self, values: Mapping[str, Any], *, where: str) -> None:
        """Take over the settings of a request. Fields that are none are listed as not imported."""
        for name, value in values.items():
            if value is None:
                continue
            if name in KNOWN_SETTINGS:
                self.settings[name] = value
            elif name in ("model", "model_name", "tools"):
                self.fields["tools" if name == "tools" else "model"] = value
            elif name in ("response_format", "text") and (schema := _find_schema(value)) is not None:
                self.fields["output_schema"] = schema
            elif name not in ("stream", *(field for field in REQUEST_FIELDS if field != "response_format")):
                self.skipped.append(f"{where}.{name}" if where else name)

    def finish(self, origin: str) -> ImportedPrompt:
        """Return the template.

        Raises: InvalidInput if it is invalid.
        """
        values = {"variables": self.variables, "messages": self.messages, "settings": self.settings, **self.fields}
        try:
            template = PromptTemplate.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidInput(f"{origin}: {where}: {first['msg']}", "correct the exported prompt") from None
        skipped = f"; not imported: {', '.join(self.skipped)}" if self.skipped else ""
        return ImportedPrompt(template, f"imported from {origin}{skipped}"[:2000])


def join_literals(parts: Iterable[str]) -> str:
    """Return a template from literal texts and tags in turn. Braces of literal texts stay what they are."""
    listed = list(parts)
    joined: list[str] = []
    for number, part in enumerate(listed):
        if number % 2:
            joined.append(part)
            continue
        literal = TAG_START.sub("{{ '{' }}", part)
        is_before_tag = number + 1 < len(listed)
        if is_before_tag and literal.endswith("{"):
            literal = literal[:-1] + "{{ '{' }}"
        joined.append(literal)
    return "".join(joined)


def escape_literal(text: str) -> str:
    """Return a template that writes a text as it is."""
    return join_literals([text])


def _convert_texts(content: Any, convert: Callable[[str], str]) -> Any:
    if isinstance(content, str):
        return convert(content)
    if isinstance(content, list):
        return [_convert_part(part, convert) for part in content]
    return content


def _convert_part(part: Any, convert: Callable[[str], str]) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": convert(part)}
    if isinstance(part, dict):
        return {
            key: _convert_nested(key, value, convert)
            for key, value in {**part, **({"type": "text"} if part.get("type") == "input_text" else {})}.items()
        }
    return part


def _convert_nested(key: str, value: Any, convert: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if key == "type" else convert(value)
    if isinstance(value, dict):
        return {name: _convert_nested(name, one, convert) for name, one in value.items()}
    return value


def _find_schema(value: Any) -> Any:
    """Return the schema of an answer in `response_format` of chats or `text.format` of responses, or None."""
    found = value.get("format", value) if isinstance(value, dict) else None
    if not isinstance(found, dict) or found.get("type") != "json_schema":
        return None
    inner = found.get("json_schema", found)
    return inner.get("schema") if isinstance(inner, dict) else None
