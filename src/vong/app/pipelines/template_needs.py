"""What a template needs on this server, and the command that makes it."""

from sqlalchemy import Connection

from vong import gateway, knowledge, serving
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.pipelines.definition import PipelineDefinition, to_yaml
from vong.pipelines.templates import TemplateSummary, build_template, load_template
from vong.records import Record

BUNDLED_MODEL = "smollm2-135m-instruct"


class TemplateNeed(Record):
    """Object that a template names. `commands` make it if it is not available."""

    kind: str
    name: str
    available: bool
    commands: tuple[str, ...] = ()


class TemplateDetails(Record):
    """Template with its definition, as object and as YAML, and what it needs."""

    template: TemplateSummary
    definition: PipelineDefinition
    yaml: str
    needs: tuple[TemplateNeed, ...]


def describe_template(connection: Connection, name: str, model: str | None = None) -> TemplateDetails:
    """Return a template and what it needs. Raises NotFound if there is no template of that name."""
    summary, _ = load_template(name)
    definition = build_template(name, model)
    needs = [_describe_model(connection, model or summary.model)]
    bases = {base.name: base.documents for base in knowledge.list_bases(connection)}
    for base, folder in summary.bases.items():
        command = f"vong knowledge upload {base} {folder}"
        available = bool(bases.get(base))
        needs.append(TemplateNeed(kind="base", name=base, available=available, commands=(command,)))
    return TemplateDetails(template=summary, definition=definition, yaml=to_yaml(definition), needs=tuple(needs))


def _describe_model(connection: Connection, model: str) -> TemplateNeed:
    commands: tuple[str, ...] = ()
    prefix, _, rest = model.partition("/")
    if prefix == DEPLOYMENT:
        available = any(one.name == rest for one in serving.list_deployments(connection, limit=500))
        commands = ("vong registry import", f"vong serving deploy {rest} --model {BUNDLED_MODEL}")
    else:
        # A provider may have any model: only the call shows whether it exists.
        available = bool(rest) or any(route.name == model for route in gateway.list_routes(connection))
        commands = (f"vong gateway routes set {model} MODEL",)
    return TemplateNeed(kind="model", name=model, available=available, commands=commands)
