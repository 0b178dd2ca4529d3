"""Checks of a template before it becomes a version: variables, messages, tools, schemas and settings."""

import difflib
import keyword
import re
from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput, did_you_mean
from vong.json_schemas import PatternTimeout, SafeSchema
from vong.prompt_rendering import message_texts, placeholders
from vong.records.prompt import JsonObject, PromptMessage, PromptPlaceholder, PromptTemplate
from vong.text_templates import find_variables

RESERVED_VARIABLES = {"loop", "self", "super", "caller", "varargs", "kwargs", "range", "dict", "namespace"}
REQUEST_FIELDS = {
    "functions": "tools",
    "input": "messages",
    "instructions": "messages",
    "messages": "messages",
    "model": "model",
    "prompt": "messages",
    "response_format": "output_schema",
    "tools": "tools",
}
"""Fields of a request that a template sets in a field of its own."""
NUMBERS: dict[str, tuple[float, float]] = {
    "frequency_penalty": (-2, 2),
    "max_completion_tokens": (1, 10_000_000),
    "max_output_tokens": (1, 10_000_000),
    "max_tokens": (1, 10_000_000),
    "n": (1, 128),
    "presence_penalty": (-2, 2),
    "temperature": (0, 2),
    "top_k": (-1, 1_000_000),
    "top_p": (0, 1),
}
"""Settings that are numbers, with their bounds."""
INTEGERS = {"max_completion_tokens", "max_output_tokens", "max_tokens", "n", "seed", "top_k", "top_logprobs"}
KNOWN_SETTINGS = sorted(
    {
        *NUMBERS,
        *INTEGERS,
        *("logit_bias", "logprobs", "metadata", "parallel_tool_calls", "reasoning", "reasoning_effort", "service_tier"),
        *("stop", "store", "stream_options", "tool_choice", "user", "verbosity"),
    }
)
SINGLE_BRACES = re.compile(r"(?<!\{)\{\s*([^\W\d]\w*)\s*\}(?!\})")


def check_template(template: PromptTemplate) -> None:
    """Check everything of a template that does not depend on the values of its variables.

    Raises: InvalidInput with the field, the line and the way to fix it.
    """
    for name, schema in template.variables.items():
        _check_variable(name, schema)
    for number, part in enumerate(template.messages):
        _check_part(part, number)
    _check_used_variables(template)
    for number, tool in enumerate(template.tools):
        _check_tool(tool, number)
    if template.output_schema is not None:
        SafeSchema(template.output_schema, "output_schema")
    for name, value in template.settings.items():
        _check_setting(name, value)


def _check_variable(name: str, schema: JsonObject) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise InvalidInput(
            f"variables: {name[:100]!r} is not a name of a variable",
            "use letters, digits and '_', starting with a letter, and no word of Python",
        )
    if name in RESERVED_VARIABLES or name in {"true", "false", "none"}:
        raise InvalidInput(f"variables: the name {name!r} is reserved by templates", "choose another name")
    if "required" in schema and isinstance(schema["required"], bool):
        raise InvalidInput(
            f"variables.{name}: 'required' is a list of fields in JSON Schema, not a boolean",
            "a variable is required unless it has a default; remove 'required'",
        )
    checked = SafeSchema(schema, f"variables.{name}")
    if "default" in schema:
        try:
            fault = checked.find_error(schema["default"])
        except PatternTimeout as error:
            fault = str(error)
        if fault:
            raise InvalidInput(
                f"variables.{name}: the default does not fit ({fault})", "change the default or the type"
            )


def _check_part(part: PromptMessage | PromptPlaceholder, number: int) -> None:
    where = f"messages[{number}]"
    if isinstance(part, PromptPlaceholder):
        return
    if part.content is None and not part.tool_calls:
        raise InvalidInput(f"{where} ({part.role}) has no content", "write content, or tool_calls of the assistant")
    if part.tool_calls and part.role != "assistant":
        raise InvalidInput(f"{where} ({part.role}) has tool_calls", "only messages of the assistant have tool_calls")
    if part.role == "tool" and not part.tool_call_id:
        raise InvalidInput(f"{where} (tool) has no tool_call_id", "set the id of the tool call that it answers")
    if isinstance(part.content, str) and not part.content.strip():
        raise InvalidInput(f"{where} ({part.role}) is empty", "write a text or remove the message")
    if isinstance(part.content, list):
        _check_content_parts(part.content, f"{where}.content")


def _check_content_parts(parts: list[JsonObject], where: str) -> None:
    if not parts:
        raise InvalidInput(f"{where} is an empty list", "write a text, or parts such as {type: text, text: ...}")
    for number, part in enumerate(parts):
        if not isinstance(part.get("type"), str):
            raise InvalidInput(f"{where}[{number}] has no type", "write parts such as {type: text, text: ...}")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise InvalidInput(f"{where}[{number}] has no text", "write {type: text, text: ...}")


def _check_used_variables(template: PromptTemplate) -> None:
    """Check that every variable of the messages is declared, and that declared ones are not written as `{name}`."""
    known = {*template.variables, *placeholders(template)}
    used = set[str]()
    for number, part in enumerate(template.messages):
        for field, value in message_texts(part) if isinstance(part, PromptMessage) else ():
            name = f"messages[{number}].{field}"
            found = find_variables(value, name=name)
            for unknown in sorted(found - known):
                raise InvalidInput(
                    f"{name} uses the variable {unknown!r}, which is not declared", _hint(unknown, known)
                )
            used |= found
    unused = set(template.variables) - used - set(placeholders(template))
    for number, part in enumerate(template.messages):
        for field, value in message_texts(part) if isinstance(part, PromptMessage) else ():
            for name in sorted(_single_braces(value) & unused):
                message = f"messages[{number}].{field} has '{{{name}}}', and the variable {name!r} is used nowhere"
                raise InvalidInput(message, f"write {{{{ {name} }}}} with two braces")


def _hint(unknown: str, known: set[str]) -> str:
    close = difflib.get_close_matches(unknown, sorted(known), n=1)
    suggestion = f"did you mean {close[0]!r}? " if close else ""
    return f"{suggestion}declare it: variables: {{{unknown}: {{type: string}}}}"


def _single_braces(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(SINGLE_BRACES.findall(value))
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {found for one in values for found in _single_braces(one)}


def _check_tool(tool: JsonObject, number: int) -> None:
    where = f"tools[{number}]"
    if not isinstance(tool.get("type"), str):
        raise InvalidInput(f"{where} has no type", "write tools as {type: function, function: {name: ..., ...}}")
    if tool["type"] != "function":
        return
    function = tool.get("function", tool)  # the API of responses has the fields of the function in the tool itself
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise InvalidInput(f"{where} has no name", "write tools as {type: function, function: {name: ..., ...}}")
    parameters = function.get("parameters")
    if parameters is not None:
        if not isinstance(parameters, dict):
            raise InvalidInput(
                f"{where}: the parameters are not a JSON schema", "write {type: object, properties: ...}"
            )
        SafeSchema(parameters, f"{where}.parameters")


def _check_setting(name: str, value: Any) -> None:
    if name in REQUEST_FIELDS:
        raise InvalidInput(f"settings.{name} is not a setting", f"use the field {REQUEST_FIELDS[name]!r} of the prompt")
    if name == "stream":
        raise InvalidInput("settings.stream is not a setting", "the caller of a prompt decides about streaming")
    if name not in KNOWN_SETTINGS and difflib.get_close_matches(name, KNOWN_SETTINGS, n=1, cutoff=0.85):
        hint = did_you_mean(name, KNOWN_SETTINGS, "https://platform.openai.com/docs/api-reference/chat")
        raise InvalidInput(f"settings.{name} is unknown", hint)
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in INTEGERS and not (is_number and isinstance(value, int)):
        raise InvalidInput(f"settings.{name} is {value!r}", "write a whole number")
    if name in NUMBERS:
        low, high = NUMBERS[name]
        if not is_number or not low <= float(value) <= high:
            raise InvalidInput(f"settings.{name} is {value!r}", f"write a number from {low:g} to {high:g}")
