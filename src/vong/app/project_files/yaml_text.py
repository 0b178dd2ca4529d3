"""YAML text of project files: read strictly, written in one form."""

import re
from typing import Any

import yaml

from vong.errors import InvalidInput

MAX_FILE_BYTES = 2_000_000
WIDTH = 110
TEXT_TAG = "tag:yaml.org,2002:str"
OTHER_BREAKS = "\r\x85\u2028\u2029"


class _Dumper(yaml.SafeDumper):
    """Dumper that indents lists and writes texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of lists."""
        del indentless
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.split("\n")
    is_block = len(lines) > 1 and not any(line != line.rstrip() for line in lines) and not text[0].isspace()
    if any(character in text for character in OTHER_BREAKS):  # YAML counts them as line breaks and would fold them
        return dumper.represent_scalar(TEXT_TAG, text, style='"')
    return dumper.represent_scalar(TEXT_TAG, text, style="|" if is_block else None)


_Dumper.add_representer(str, _represent_text)


class _Loader(yaml.SafeLoader):
    """Loader of YAML 1.2: `no`, `on` and dates are texts, and a key that occurs twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping. Raises yaml.MarkedYAMLError if a key occurs twice."""
        seen = set[Any]()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} occurs twice", problem_mark=key_node.start_mark)
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


FLOAT_TAG = "tag:yaml.org,2002:float"
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", FLOAT_TAG)
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))
_Loader.add_implicit_resolver(FLOAT_TAG, FLOAT, list("-+0123456789."))
_Dumper.add_implicit_resolver(FLOAT_TAG, FLOAT, list("-+0123456789."))  # such texts are quoted


def dump(values: Any) -> str:
    """Return values as YAML in block style, in their own order."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def parse(text: str, path: str) -> Any:
    """Return the values of a YAML text.

    Raises: InvalidInput with the path and the line of the fault.
    """
    if len(text.encode()) > MAX_FILE_BYTES:
        raise InvalidInput(f"{path}: the file is larger than {MAX_FILE_BYTES} bytes", "split it")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise InvalidInput(f"{path}: the file uses a YAML alias (*name)", "write the value out")
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(
            f"{path}: not valid YAML{line}: {problem}", "fix the line; quote values with {{ }}"
        ) from None
    except RecursionError:
        raise InvalidInput(f"{path}: the file is nested too deep", "use fewer nested values") from None
    except ValueError as error:
        raise InvalidInput(f"{path}: not valid YAML: {error}", "fix the value") from None
