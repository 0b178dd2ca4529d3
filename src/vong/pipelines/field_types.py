"""Types of the settings of a step, compared with those of the values that templates put there."""

from collections.abc import Iterator, Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.references import find_references, iter_templates
from vong.pipelines.steps.base import StepConfig, text_settings


def check_field_types(
    config: type[StepConfig], settings: Mapping[str, Any], known: Mapping[str, JsonSchema]
) -> Iterator[tuple[str, str]]:
    """Yield the field and the message of each setting that gets a value of another type.

    Settings that are texts accept every value, which is written as text.
    """
    texts = text_settings(config)
    properties = config.model_json_schema()["properties"]
    for field, text in iter_templates(dict(settings)):
        if "." in field or "[" in field or field not in properties or field in texts:
            continue
        given = _type_of_template(text, known)
        wanted = _accepted_types(properties[field])
        if given is None or wanted is None:
            continue
        if not types.is_compatible(given, {"type": sorted(wanted)}):
            names = " or ".join(sorted(wanted - {"null"})) or "null"
            yield field, f"{text.strip()} is {types.describe(given)}, and the setting needs {names}"


def _type_of_template(text: str, known: Mapping[str, JsonSchema]) -> JsonSchema | None:
    """Return the type of a template that is one reference, or a text. Returns None if it is not known."""
    try:
        references = find_references(text)
    except InvalidInput:
        return None
    if len(references) == 1 and references[0].is_whole:
        root = known.get(references[0].root)
        return types.child_type(root, references[0].path) if root is not None else None
    return None if text.strip().startswith(("{{", "{%")) else types.STRING


def _accepted_types(schema: Mapping[str, Any]) -> set[str] | None:
    """Return the JSON types that a setting accepts. A template in place of another type does not count as a text."""
    options = schema.get("anyOf")
    if options is None:
        return types.type_names(dict(schema))
    found = set[str]()
    for option in options:
        names = types.type_names(option)
        if names is None:
            return None
        found |= names
    concrete = found - {"null"}
    return found - {"string"} if "string" in concrete and len(concrete) > 1 else found
