"""Templates as YAML text."""

from typing import Any

import yaml

from vong.records.prompt import PromptTemplate

WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """Dumper that writes texts of several lines as blocks, and indents lists."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of lists."""
        del indentless
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.split("\n")
    is_block = len(lines) > 1 and not any(line != line.rstrip() for line in lines) and not text[0].isspace()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if is_block else None)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(template: PromptTemplate) -> str:
    """Return a template as YAML, in the order of its fields."""
    values: dict[str, Any] = template.to_document()
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
