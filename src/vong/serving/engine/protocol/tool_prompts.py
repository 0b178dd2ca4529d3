"""Tools for models whose chat template has none: a system message that describes them, and calls as text."""

import json
from collections.abc import Sequence
from typing import Any

from vong.serving.engine.protocol.call_formats import GENERIC_FORMAT

INSTRUCTIONS = """\
You can call the functions below. Each line is the JSON description of one function.
<tools>
{tools}
</tools>
To call a function, answer with its name and its arguments as JSON, in this form:
<tool_call>
{{"name": "NAME", "arguments": {{"KEY": "VALUE"}}}}
</tool_call>
The result of a call follows within <tool_response> and </tool_response>."""


def describe_tools(messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with a description of the tools in the system message, and with calls and results as text."""
    lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    written = write_calls_as_text(messages)
    instructions = INSTRUCTIONS.format(tools=lines)
    if written and written[0].get("role") in ("system", "developer"):
        first = written[0]
        content = f"{first.get('content') or ''}\n\n{instructions}".lstrip()
        return [{**first, "content": content}, *written[1:]]
    return [{"role": "system", "content": instructions}, *written]


def merge_system_message(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose system message is the beginning of the first message of the user."""
    first, *rest = messages
    if first.get("role") != "system" or not rest or rest[0].get("role") != "user":
        return list(messages)
    return [{**rest[0], "content": f"{first['content']}\n\n{rest[0].get('content') or ''}"}, *rest[1:]]


def write_calls_as_text(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages whose calls and results are texts. Results that follow each other are one message."""
    written: list[dict[str, Any]] = []
    after_result = False
    for message in messages:
        is_result = message.get("role") == "tool"
        if is_result:
            content = f"<tool_response>\n{message.get('content') or ''}\n</tool_response>"
            if after_result:
                written[-1]["content"] += f"\n{content}"
            else:
                written.append({"role": "user", "content": content})
        elif message.get("tool_calls"):
            written.append({"role": "assistant", "content": _calls_as_text(message)})
        else:
            written.append(dict(message))
        after_result = is_result
    return written


def _calls_as_text(message: dict[str, Any]) -> str:
    form = GENERIC_FORMAT
    text = f"{message['content']}\n" if message.get("content") else ""
    for number, call in enumerate(message["tool_calls"]):
        function = call.get("function") or call
        arguments = function.get("arguments") or "{}"
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        text += f"{form.between if number else form.head}{function.get('name')}{form.after_name}{arguments}"
    return text + form.tail
