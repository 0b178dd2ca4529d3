"""Files of prompts and of values: YAML, JSON and Markdown, read strictly."""

import sys
from pathlib import Path
from typing import Any

from vong.app.project_files.prompt_text import read_markdown
from vong.errors import InvalidInput
from vong.yaml_text import parse_yaml

MAX_FILE_BYTES = 8_000_000
HINT = "see docs/guides/prompts.md for an example"


def read_template(path: Path) -> dict[str, Any]:
    """Return the template in a file. The labels of a project file (`vong pull`) are left out.

    Raises: InvalidInput if the file is no YAML, JSON or Markdown, or has no messages.
    """
    values = (
        read_markdown(path.read_text(encoding="utf-8-sig"), str(path)) if path.suffix == ".md" else read_values(path)
    )
    values.pop("labels", None)
    if "messages" not in values:
        raise InvalidInput(f"{str(path)!r} contains no prompt: it has no 'messages'", HINT)
    return values


def read_values(path: Path) -> dict[str, Any]:
    """Return the object in a YAML or JSON file, or in the input if the path is `-`.

    Raises: InvalidInput if the file is neither, or no object.
    """
    name = "the input" if str(path) == "-" else repr(str(path))
    data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1) if str(path) == "-" else path.read_bytes()
    values = parse_yaml(data, name, max_bytes=MAX_FILE_BYTES)
    if not isinstance(values, dict):
        raise InvalidInput(f"{name} contains no object", HINT)
    return values
