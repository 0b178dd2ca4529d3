"""Templates as YAML text."""

from vong.records.prompt import PromptTemplate
from vong.yaml_text import dump_yaml


def to_yaml(template: PromptTemplate) -> str:
    """Return a template as YAML, in the order of its fields."""
    return dump_yaml(template.to_document())
