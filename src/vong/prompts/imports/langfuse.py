"""Prompts of Langfuse, as its public API returns them: text and chat, with placeholders and settings."""

import re
from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.prompts.imports.result import ImportedPrompt, TemplateBuilder

REFERENCE = re.compile(r"@@@langfusePrompt:[^@]*@@@")


def from_langfuse(document: Mapping[str, Any]) -> ImportedPrompt:
    """Return the template of a prompt of Langfuse. A text prompt becomes one message of the user.

    Raises: InvalidInput if it includes other prompts, or is no prompt of Langfuse.
    """
    builder = TemplateBuilder()
    content = document.get("prompt")
    if isinstance(content, str):
        builder.message("user", content, convert=lambda text: _convert(builder, text))
    elif isinstance(content, list):
        for message in content:
            _add_message(builder, message)
    else:
        raise InvalidInput("the field 'prompt' is no text and no list of messages", "export the prompt from Langfuse")
    config = document.get("config")
    if isinstance(config, dict):
        builder.add_settings(config, where="config")
    builder.skipped += [field for field in ("labels", "tags") if document.get(field)]
    version = f" version {document['version']}" if "version" in document else ""
    return builder.finish(f"Langfuse{version}")


def _add_message(builder: TemplateBuilder, message: Any) -> None:
    if not isinstance(message, dict):
        raise InvalidInput(f"a message is {type(message).__name__}", "write {role: ..., content: ...}")
    if message.get("type") == "placeholder":
        builder.placeholder(str(message.get("name", "")))
    else:
        builder.message(message.get("role"), message.get("content"), convert=lambda text: _convert(builder, text))


def _convert(builder: TemplateBuilder, text: str) -> str:
    found = REFERENCE.search(text)
    if found is not None:
        message = f"the prompt includes another prompt ({found.group()[:100]})"
        raise InvalidInput(message, "export it with the included text (`resolve=true`), or copy the text")
    return builder.double_braces(text)
