"""Files of prompts and of values: YAML, JSON and Markdown, read strictly."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from vong.app.project_files.prompt_text import read_markdown
from vong.errors import InvalidInput

MAX_FILE_BYTES = 8_000_000
HINT = "see docs/guides/prompts.md for an example"


class _Loader(yaml.SafeLoader):
    """Loader of YAML 1.2: `no`, `on` and dates are texts, and a key that occurs twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping. Raises yaml.MarkedYAMLError if a key occurs twice or is no text."""
        seen = set[Any]()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                problem = f"the key {key!r} is no text: quote it, also braces of templates ('{{{{ name }}}}')"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} occurs twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"),
    list("-+0123456789."),
)


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
    if len(data) > MAX_FILE_BYTES:
        raise InvalidInput(f"{name} is larger than {MAX_FILE_BYTES} bytes", "shorten it")
    try:
        text = data.decode("utf-8-sig")
        values = json.loads(text) if text.lstrip().startswith("{") and _is_json(text) else _parse_yaml(text)
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8 text", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        hint = "quote texts that begin with a brace, such as '{{ name }}'"
        raise InvalidInput(f"{name} is not valid YAML{line}: {problem}", hint) from None
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deep", "make it flatter") from None
    except ValueError as error:
        raise InvalidInput(f"{name} is not valid YAML: {error}", "quote the value") from None
    if not isinstance(values, dict):
        raise InvalidInput(f"{name} contains no object", HINT)
    return values


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parse_yaml(text: str) -> Any:
    """Return the value of a YAML text.

    Raises: yaml.YAMLError if it is invalid or has an alias, with which a short text can stand for a large value.
    """
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="an alias (*name) is not allowed", problem_mark=event.start_mark)
    return yaml.load(text, Loader=_Loader)
