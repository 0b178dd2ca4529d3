"""Prompts as Markdown: settings as YAML front matter, then one heading per message.

```
---
model: support
variables:
  ticket: {type: string}
---
# system

Answer briefly.

# user

{{ ticket }}
```

`# placeholder: history` inserts the messages of a variable. A prompt that has no such form, for example because a
message contains images or such a heading itself, is written as YAML.
"""

import re
from typing import Any

from vong.errors import InvalidInput
from vong.yaml_text import dump_yaml, parse_yaml

HEADING = re.compile(r"# (system|developer|user|assistant|tool|placeholder: *(?P<name>\S.*))[ \t]*")
"""Line that begins a message."""
FENCE = "---"
MAX_FILE_BYTES = 2_000_000
"""Bytes of a project file."""


def write_markdown(values: dict[str, Any]) -> str | None:
    """Return a prompt as Markdown. Returns None if reading it would yield something else."""
    messages: list[dict[str, Any]] = values.get("messages") or []
    if not all(set(one) == {"placeholder"} or _is_plain(one) for one in messages):
        return None
    head = {name: value for name, value in values.items() if name != "messages"}
    parts = [f"{FENCE}\n{dump_yaml(head) if head else ''}{FENCE}\n"]
    for one in messages:
        if "placeholder" in one:
            parts.append(f"# placeholder: {one['placeholder']}\n")
        else:
            parts.append(f"# {one['role']}\n\n{one['content']}\n")
    text = "\n".join(parts)
    try:
        return text if read_markdown(text, "prompt") == values else None
    except InvalidInput:
        return None


def read_markdown(text: str, path: str) -> dict[str, Any]:
    """Return the values of a prompt in Markdown.

    Raises: InvalidInput with the path and the line of the fault.
    """
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    head: dict[str, Any] = {}
    start = 0
    if lines[0].rstrip() == FENCE:
        end = next((at for at in range(1, len(lines)) if lines[at].rstrip() == FENCE), None)
        if end is None:
            raise InvalidInput(f"{path}: the front matter has no end", f"add a line {FENCE} after the settings")
        loaded = parse_yaml("\n".join(["", *lines[1:end]]), f"{path}: the front matter", max_bytes=MAX_FILE_BYTES)
        if loaded is not None and not isinstance(loaded, dict):
            raise InvalidInput(f"{path}: the front matter is no object", "write NAME: VALUE lines")
        head, start = loaded or {}, end + 1
    if "messages" in head:
        raise InvalidInput(f"{path}: the front matter has messages", "write each message below, after a line `# user`")
    return {**_before(head), "messages": _read_messages(lines, start, path), **_after(head)}


FIELDS_BEFORE = ("labels", "description", "variables")
"""Fields that precede the messages in the order of a template."""


def _before(head: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if name in FIELDS_BEFORE}


def _after(head: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if name not in FIELDS_BEFORE}


def _read_messages(lines: list[str], start: int, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    content: list[str] | None = None
    for number, line in enumerate(lines[start:], start + 1):
        found = HEADING.fullmatch(line)
        if found is None:
            if content is None and line.strip():
                hint = "begin each message with a line such as `# system` or `# user`"
                raise InvalidInput(f"{path}: line {number} belongs to no message", hint)
            if content is not None:
                content.append(line)
            continue
        _finish(messages, content, path)
        name = found["name"]
        messages.append({"placeholder": name.strip()} if name else {"role": found[1], "content": ""})
        content = []
    _finish(messages, content, path)
    if not messages:
        raise InvalidInput(f"{path}: the prompt has no message", "add a line `# user` and the text below")
    return messages


def _finish(messages: list[dict[str, Any]], content: list[str] | None, path: str) -> None:
    """Set the text of the last message: its lines without the empty lines around them."""
    if content is None:
        return
    text = "\n".join(content).strip("\n")
    if "placeholder" not in messages[-1]:
        messages[-1]["content"] = text
    elif text.strip():
        name = messages[-1]["placeholder"]
        raise InvalidInput(f"{path}: the placeholder {name!r} has a text", "begin a message with `# user` before it")


def _is_plain(message: dict[str, Any]) -> bool:
    return set(message) == {"role", "content"} and isinstance(message["content"], str)
