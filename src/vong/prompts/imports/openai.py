"""Bodies of requests to OpenAI's API as prompts: chat completions and responses, with variables as `{{name}}`."""

from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.prompts.imports.result import ImportedPrompt, TemplateBuilder


def from_openai(document: Mapping[str, Any]) -> ImportedPrompt:
    """Return the template of a request of chat completions (`messages`) or responses (`instructions`, `input`).

    Raises: InvalidInput if a message has another form.
    """
    builder = TemplateBuilder()
    if isinstance(document.get("instructions"), str):
        builder.message("system", document["instructions"], convert=builder.double_braces)
    given = document.get("messages", document.get("input", []))
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if not isinstance(items, list):
        raise InvalidInput("the messages are no list", "write [{role: ..., content: ...}]")
    for item in items:
        if not isinstance(item, dict) or "role" not in item:
            raise InvalidInput("an item of the input has no role", "import messages only, without calls and results")
        more = {name: item[name] for name in ("name", "tool_calls", "tool_call_id") if item.get(name) is not None}
        builder.message(item["role"], item.get("content"), convert=builder.double_braces)
        builder.messages[-1] |= more
    builder.add_settings(document, where="")
    return builder.finish("OpenAI")
