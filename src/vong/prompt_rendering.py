"""Rendering of a prompt with values of its variables, on the server and in the client."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vong.errors import InvalidInput, did_you_mean
from vong.json_schemas import PatternTimeout, SafeSchema
from vong.records import Message
from vong.records.prompt import PromptMessage, PromptPlaceholder, PromptTemplate, RenderedPrompt
from vong.text_templates import render_text

MAX_RENDERED_CHARS = 8_000_000
"""Maximum length of all messages of a rendered prompt."""
_messages = TypeAdapter(list[Message])


def placeholders(template: PromptTemplate) -> list[str]:
    """Return the names of the variables whose messages are inserted."""
    return [part.placeholder for part in template.messages if isinstance(part, PromptPlaceholder)]


def required_variables(template: PromptTemplate) -> list[str]:
    """Return the names of the variables without a default, with those of placeholders that are not declared."""
    declared = [name for name, schema in template.variables.items() if "default" not in schema]
    implied = [name for name in dict.fromkeys(placeholders(template)) if name not in template.variables]
    return declared + implied


def message_texts(part: PromptMessage) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a message that may contain templates, with their values."""
    for field in ("content", "name", "tool_calls", "tool_call_id"):
        value = getattr(part, field)
        if value is not None:
            yield field, value


def render(template: PromptTemplate, variables: Mapping[str, Any]) -> RenderedPrompt:
    """Return a prompt with all variables filled in. Values are inserted as they are and never read as templates.

    Raises: InvalidInput if a variable is unknown, missing or of the wrong type, or a message would be empty or too
        long.
    """
    values = complete_variables(template, variables)
    messages: list[dict[str, Any]] = []
    length = 0
    for number, part in enumerate(template.messages):
        if isinstance(part, PromptPlaceholder):
            messages += _check_messages(part.placeholder, values[part.placeholder])
            continue
        where = f"messages[{number}]"
        message: dict[str, Any] = {"role": part.role}
        for field, value in message_texts(part):
            message[field] = _render_texts(value, values, f"{where}.{field}")
        if isinstance(message.get("content"), str):
            length += len(message["content"])
            if not message["content"].strip():
                raise InvalidInput(f"{where} ({part.role}) is empty with these variables", "set its variables")
        if length > MAX_RENDERED_CHARS:
            raise InvalidInput(f"the prompt has more than {MAX_RENDERED_CHARS} characters", "shorten its variables")
        messages.append(message)
    if not messages:
        raise InvalidInput("the prompt has no messages with these variables", "set the variables of its placeholders")
    return RenderedPrompt(
        messages=messages,
        tools=template.tools,
        output_schema=template.output_schema,
        model=template.model,
        settings=template.settings,
    )


def complete_variables(template: PromptTemplate, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of all variables, with defaults.

    Raises: InvalidInput if a variable is unknown, missing or of the wrong type.
    """
    known = list(dict.fromkeys([*template.variables, *placeholders(template)]))
    for name in variables:
        if name not in known:
            hint = did_you_mean(name, known, "vong prompts show NAME") if known else "this prompt has no variables"
            raise InvalidInput(f"the prompt has no variable {name[:100]!r}", hint)
    missing = [name for name in required_variables(template) if name not in variables]
    if missing:
        names = ", ".join(repr(name) for name in missing)
        what = f"the variable {names} is missing" if len(missing) == 1 else f"the variables {names} are missing"
        raise InvalidInput(what, "set it, or give it a default in the prompt")
    defaults = {name: schema["default"] for name, schema in template.variables.items() if "default" in schema}
    values = {**defaults, **variables}
    for name, schema in template.variables.items():
        if name in variables:
            _check_type(name, schema, variables[name])
    return values


@lru_cache(maxsize=512)
def _compile_schema(schema: str) -> SafeSchema:
    return SafeSchema(json.loads(schema), "the type")


def _check_type(name: str, schema: Mapping[str, Any], value: Any) -> None:
    limit = schema.get("maxLength")
    if isinstance(value, str) and isinstance(limit, int) and len(value) > limit:
        message = f"the variable {name!r} has {len(value)} characters, and at most {limit} are allowed"
        raise InvalidInput(message, "shorten it, or raise maxLength in the prompt")
    try:
        fault = _compile_schema(json.dumps(schema)).find_error(value)
    except PatternTimeout as error:
        fault = str(error)
    if fault:
        text = fault.removeprefix("value: ")
        raise InvalidInput(f"the variable {name!r} does not fit its type: {text}", "pass a value of that type")


def _render_texts(value: Any, variables: Mapping[str, Any], name: str) -> Any:
    """Return a value in which every text is rendered as text."""
    if isinstance(value, str):
        return render_text(value, variables, name=name)
    if isinstance(value, Mapping):
        return {key: _render_texts(one, variables, f"{name}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        return [_render_texts(one, variables, f"{name}[{number}]") for number, one in enumerate(value)]
    return value


def _check_messages(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the messages of a placeholder.

    Raises: InvalidInput if the value is no list of messages.
    """
    try:
        messages = _messages.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"the variable {name!r} is not a list of messages: {where}: {first['msg']}".replace(": :", ":")
        raise InvalidInput(message, "pass messages such as [{role: user, content: ...}]") from None
    return [message.model_dump(exclude_unset=True) for message in messages]
