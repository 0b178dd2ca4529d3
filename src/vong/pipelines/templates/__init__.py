"""Templates of pipelines that ship: YAML files with a title, and what they need."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from vong.errors import NotFound, did_you_mean
from vong.pipelines.definition import PipelineDefinition, nested_steps, parse_definition, to_yaml
from vong.records import Record

DEFAULT_MODEL = "deployment/small"
"""Model of the templates: a deployment of the bundled model."""
ORDER = ("handbook-qa", "triage", "extract", "summarise", "agent")
LIST_COMMAND = "vong pipelines templates"


class TemplateSummary(Record):
    """Template of a pipeline. `bases` are the knowledge bases that it reads, each with sample documents."""

    name: str
    title: str
    summary: str
    model: str
    bases: dict[str, str] = {}
    kinds: tuple[str, ...] = ()
    """Kinds of its steps."""


def list_templates() -> list[TemplateSummary]:
    """Return the templates in the order of the documentation."""
    return [load_template(name)[0] for name in ORDER]


@cache
def load_template(name: str) -> tuple[TemplateSummary, PipelineDefinition]:
    """Return a template. Raises NotFound if there is none of that name."""
    import yaml

    if name not in ORDER:
        raise NotFound(f"no template named {name!r}", did_you_mean(name, list(ORDER), LIST_COMMAND))
    values = yaml.safe_load((files(__name__) / f"{name}.yaml").read_text(encoding="utf-8"))
    about: Mapping[str, Any] = values.pop("template")
    definition = parse_definition(values)
    kinds = dict.fromkeys(_kinds(definition.steps))
    summary = TemplateSummary(name=name, model=DEFAULT_MODEL, kinds=tuple(kinds), **about)
    return summary, definition


def read_template(name: str, model: str | None = None) -> str:
    """Return a template as YAML. `model` replaces its model.

    Raises: NotFound if there is no template of that name.
    """
    return to_yaml(build_template(name, model))


def build_template(name: str, model: str | None = None) -> PipelineDefinition:
    """Return the definition of a template. `model` replaces its model."""
    definition = load_template(name)[1]
    if model is None or model == DEFAULT_MODEL:
        return definition
    values = definition.model_dump(mode="json", exclude_unset=True)
    return parse_definition(_with_model(values, model))


def _kinds(steps: Mapping[str, Any]) -> Iterator[str]:
    for step in steps.values():
        yield step.kind
        yield from _kinds(nested_steps(step))


def _with_model(value: Any, model: str) -> Any:
    if isinstance(value, dict):
        return {
            name: model if name == "model" and one == DEFAULT_MODEL else _with_model(one, model)
            for name, one in value.items()
        }
    return [_with_model(one, model) for one in value] if isinstance(value, list) else value
