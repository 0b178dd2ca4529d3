"""Variables of a prompt from the rows of a dataset."""

import json
from typing import Any

from vong.errors import InvalidInput
from vong.prompt_rendering import placeholders, required_variables
from vong.prompts.rendering import complete_variables
from vong.records import Example
from vong.records.prompt import PromptTemplate


def find_variables(template: PromptTemplate, example: Example, row: int) -> dict[str, Any]:
    """Return the values of the variables of a prompt from row number `row`.

    A variable has the value of the metadata field of its name, or of that field of the last user message if this is a
    JSON object. If exactly one variable without a default is then missing, it is the text of the last user message. A
    placeholder receives the messages before the last user message.

    Raises: InvalidInput naming the row if a variable is missing or of the wrong type.
    """
    asked = [message for message in example.messages if message.role == "user"]
    text = asked[-1].text if asked else example.text or ""
    fields = {**_read_object(text), **example.metadata}
    values = {name: fields[name] for name in template.variables if name in fields}
    slots = placeholders(template)
    history = [message for message in example.messages if message.role not in {"system", "developer"}]
    last = max((number for number, one in enumerate(history) if one.role == "user"), default=0)
    for name in slots:
        if name not in values:
            values[name] = [one.model_dump(mode="json", exclude_none=True) for one in history[:last]]
    missing = [name for name in required_variables(template) if name not in values]
    if len(missing) == 1 and text:
        values[missing[0]] = text
    try:
        complete_variables(template, values)
    except InvalidInput as error:
        raise InvalidInput(
            f"row {row}: {error.message}", "name metadata fields of the dataset as the variables of the prompt"
        ) from None
    return values


def _read_object(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
