"""YAML text: read strictly, with one behaviour for all files, and written in one form."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

from vong.errors import InvalidInput

WIDTH = 110
TEXT_TAG = "tag:yaml.org,2002:str"
BOOLEAN_TAG = "tag:yaml.org,2002:bool"
FLOAT_TAG = "tag:yaml.org,2002:float"
REPLACED_TAGS = ("tag:yaml.org,2002:timestamp", BOOLEAN_TAG, FLOAT_TAG)
BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
FLOAT_STARTS = list("-+.0123456789")
OTHER_BREAKS = "\r\x85\u2028\u2029"
"""Characters that YAML counts as line breaks and would fold in a block."""
HINT = "fix the line; quote texts that begin with a brace, such as '{{ name }}'"


def parse_yaml(source: str | bytes, name: str, *, max_bytes: int) -> Any:
    """Return the value of a YAML or JSON text. `name` is the subject of an error, such as the path of the file.

    The text is read as YAML 1.2: `no`, `on` and dates are texts. Keys are texts and occur once. Aliases are rejected,
    because a short text with aliases can stand for a large value.

    Raises: InvalidInput with the line of the fault, also if the text is larger than `max_bytes` or not UTF-8.
    """
    import yaml

    data = source.encode(errors="surrogatepass") if isinstance(source, str) else source
    if len(data) > max_bytes:
        raise InvalidInput(f"{name} has {len(data)} bytes, and at most {max_bytes} are allowed", "shorten or split it")
    try:
        text = data.decode("utf-8-sig")
        return _load(text)
    except UnicodeDecodeError:
        raise InvalidInput(f"{name} is not UTF-8 text", "save it with the encoding UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(f"{name} is not valid YAML{line}: {problem}", HINT) from None
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deep", "use fewer nested values") from None
    except ValueError as error:
        raise InvalidInput(f"{name} is not valid YAML: {error}", "quote the value") from None


def dump_yaml(values: Any) -> str:
    """Return values as YAML in block style, in their own order. Texts of several lines are blocks."""
    import yaml

    return yaml.dump(values, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=WIDTH)


def _load(text: str) -> Any:
    """Return the value of a text. JSON is not read as YAML, because that takes many times as long."""
    import yaml

    if text.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):  # the YAML loader names the line
            return json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant)
    return yaml.load(text, Loader=_loader())


def _unique_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    values = dict(listed)
    if len(values) < len(listed):
        raise ValueError("a key occurs twice")
    return values


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Loader of YAML 1.2 without aliases, in which all keys are texts and occur once."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Return the next node. Raises yaml.MarkedYAMLError if it is an alias."""
            if self.check_event(yaml.AliasEvent):
                problem = "a YAML alias (*name) is not allowed: write the value out"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.peek_event().start_mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            """Return a mapping. Raises yaml.MarkedYAMLError if a key occurs twice or is no text."""
            seen = set[str]()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                problem = f"the key {key!r} occurs twice" if isinstance(key, str) and key in seen else ""
                if not isinstance(key, str):
                    problem = f"the key {key!r} is no text: quote it, also braces of templates ('{{{{ name }}}}')"
                if problem:
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
                seen.add(key)
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in REPLACED_TAGS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(BOOLEAN_TAG, BOOLEAN, list("tTfF"))
    Loader.add_implicit_resolver(FLOAT_TAG, FLOAT, FLOAT_STARTS)
    return Loader


@cache
def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Dumper that indents lists, writes texts of several lines as blocks, and writes no aliases."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            """Indent the items of lists."""
            del indentless
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:
            """Return True, so that a value which occurs twice is written twice."""
            del data
            return True

    def represent_text(dumper: Any, text: str) -> Any:
        lines = text.split("\n")
        is_block = len(lines) > 1 and not any(line != line.rstrip() for line in lines) and not text[0].isspace()
        style = "|" if is_block else None
        if any(character in text for character in OTHER_BREAKS):
            style = '"'
        return dumper.represent_scalar(TEXT_TAG, text, style=style)

    Dumper.add_representer(str, represent_text)
    Dumper.add_implicit_resolver(FLOAT_TAG, FLOAT, FLOAT_STARTS)  # texts that look like a float are quoted
    return Dumper
