"""JSON objects in the texts of models: fenced, surrounded by text, preceded by reasoning, or slightly malformed."""

import json
import re
from typing import Any

MAX_CHARACTERS = 200_000
"""Characters that are searched, counted from the end of the text."""
MAX_SCHEMA_NAME_CHARS = 64
MAX_CANDIDATES = 200
"""Number of opening braces that are tried. A text with more of them is no answer in JSON."""
REASONING_TAG = re.compile(
    r"<(?P<end>/)?(?:think|thinking|thought|reasoning|seed:think)>|\[(?P<close>/)?THINK\]", re.IGNORECASE
)
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
OBJECT_START = re.compile(r'\{\s*"')
STRING_OR_BRACE = re.compile(r'"(?:\\.|[^"\\])*"|[{}]', re.DOTALL)
INVALID_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
_decoder = json.JSONDecoder(strict=False, parse_constant=lambda constant: _reject(constant))


def strip_reasoning(text: str) -> str:
    """Return the text without the model's reasoning in tags such as `<think>`.

    A closing tag without an opening one ends reasoning whose opening tag is in the prompt. Reasoning that never ends
    leaves no answer, so that nothing in it is taken for one. Tags that an answer in JSON mentions are part of it.
    """
    parts: list[str] = []
    start, is_open = 0, False
    for tag in REASONING_TAG.finditer(text):
        is_closing = bool(tag["end"] or tag["close"])
        before = "" if is_open else text[start : tag.start()]
        if before.lstrip().startswith(("{", "```")):
            continue
        if is_closing:
            parts = parts if is_open else []
            start, is_open = tag.end(), False
        elif not is_open:
            parts.append(before)
            start, is_open = tag.start(), True
    return "".join([*parts, "" if is_open else text[start:]]).strip()


def find_objects(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a text that are not part of another, in their order.

    Comments, trailing commas, invalid escapes and line breaks within strings are accepted. An object that was cut off
    is not an object, and nothing within it is.
    """
    text = text[-MAX_CHARACTERS:]
    objects, complete = _scan(text)
    if objects and complete:
        return objects
    repaired, repaired_complete = _scan(_repair(text))
    return repaired if repaired_complete or len(repaired) > len(objects) else objects


def _scan(text: str) -> tuple[list[dict[str, Any]], bool]:
    """Return the objects, and False if a brace opens something that is not JSON."""
    objects: list[dict[str, Any]] = []
    start, complete = text.find("{"), True
    for _ in range(MAX_CANDIDATES):
        if start < 0:
            break
        try:
            value, end = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            complete = False
            end = _skip_failed(text, start)
        else:
            objects.append(value)
        start = text.find("{", end)
    return objects, complete


def _skip_failed(text: str, start: int) -> int:
    """Return the position after something that is not JSON: after its quoted key, the whole rest belongs to it.

    An object that begins like JSON and fails later is cut off or malformed: its parts must not be taken for answers.
    """
    if OBJECT_START.match(text, start):
        depth = 0
        for match in STRING_OR_BRACE.finditer(text, start):
            depth += {"{": 1, "}": -1}.get(match.group(), 0)
            if depth == 0:
                return match.end()
        return len(text)
    return start + 1


def _repair(text: str) -> str:
    text = COMMENT.sub(lambda match: match.group(1) or "", text)
    text = TRAILING_COMMA.sub(lambda match: match.group(1) or "", text)
    return INVALID_ESCAPE.sub(r"\\\\", text)


def _reject(constant: str) -> Any:
    raise ValueError(constant)


def build_response_format(schema: dict[str, Any], name: str = "answer") -> dict[str, Any]:
    """Return the field `response_format` of OpenAI's API for answers that match a schema."""
    return {"type": "json_schema", "json_schema": name_schema(schema, name)}


def name_schema(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a schema with its name in the form that OpenAI accepts, and `strict` if the schema allows that mode."""
    valid_name = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:MAX_SCHEMA_NAME_CHARS] or "answer"
    return {"name": valid_name, "schema": schema, **({"strict": True} if _is_strict(schema) else {})}


def _is_strict(schema: Any) -> bool:
    """Return True if every object of a schema closes and requires its properties, as OpenAI's strict mode demands."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        names = set(properties) if isinstance(properties, dict) else set[str]()
        if schema.get("additionalProperties") is not False or names != set(schema.get("required") or ()):
            return False
    children = [value for name, value in schema.items() if name not in {"properties", "required", "enum", "const"}]
    return all(map(_is_strict, [*children, *(properties.values() if isinstance(properties, dict) else ())]))
