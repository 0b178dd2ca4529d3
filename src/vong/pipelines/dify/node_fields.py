"""Fields that nodes of all types have: outputs, retries, reactions to errors, texts of notes."""

import json
from collections.abc import Mapping
from typing import Any

from vong.pipelines.dify.conversion import OUTPUT_PATHS, StepDraft
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import quote
from vong.pipelines.dify.names import to_identifier
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import DifyValue

RETRYING_TYPES = frozenset({"llm", "http-request", "tool", "agent", "code"})


def first_of(values: list[DifyValue]) -> str:
    """Return the expression of the first value that is there. Values that are always there come last."""
    ordered = [*(one for one in values if not one.is_certain), *(one for one in values if one.is_certain)]
    expression = ordered[-1].or_default("none")
    for value in reversed(ordered[:-1]):
        expression = f"{value.expression} | default({expression})"
    return expression


def output_name(name: str, known: Mapping[str, Any]) -> str:
    """Return the name of an output for that of a variable of Dify."""
    return to_identifier(name, f"output_{len(known) + 1}")


def constant_output(output: dict[str, Any]) -> str:
    """Return the expression of an output that is a constant."""
    return quote(output.get("value"))


def trigger_advice(kind: str) -> list[str]:
    """Return the advice for a node that starts a run."""
    if kind == "start":
        return []
    published = {"trigger-webhook": "a webhook", "trigger-schedule": "a schedule"}.get(kind)
    if published:
        return [f"publish the pipeline with {published}, which passes the inputs"]
    return [f"{kind} has no counterpart: pass its values as inputs"]


def common_fields(node: DifyNode, draft: StepDraft) -> dict[str, Any]:
    """Return retries and the reaction to errors. The timeout of a request is a common field, too."""
    fields: dict[str, Any] = {}
    if "timeout_seconds" in draft.settings:
        fields["timeout_seconds"] = draft.settings.pop("timeout_seconds")
    if draft.status == "replaced":
        return fields
    retry = as_dict(node.data.get("retry_config"))
    if node.type in RETRYING_TYPES and (retry.get("retry_enabled") or retry.get("enabled")):
        count = retry.get("max_retries")
        fields["retries"] = max(0, min(int(count), 20)) if isinstance(count, int | float) else 3
    strategy = node.data.get("error_strategy")
    if strategy == "fail-branch":
        fields["on_error"] = "branch"
    elif strategy == "default-value":
        entries = [as_dict(one) for one in as_list(node.data.get("default_value"))]
        fields["on_error"] = {"default": {_default_name(node, one): _default_value(one) for one in entries}}
    return fields


def _default_name(node: DifyNode, entry: dict[str, Any]) -> str:
    name = str(entry.get("key"))
    return OUTPUT_PATHS.get(node.type, {}).get(name, name)


def _default_value(entry: dict[str, Any]) -> Any:
    value = entry.get("value")
    if entry.get("type") in ("object", "number") or str(entry.get("type")).startswith("array"):
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value
    return value


def note_text(source: Any) -> str:
    """Return the text of a note. Dify stores notes as documents of its editor."""
    if not isinstance(source, str):
        return ""
    try:
        root = as_dict(json.loads(source)).get("root")
    except ValueError:
        return source.strip()
    return "\n".join(line for line in map(_editor_text, as_list(as_dict(root).get("children"))) if line).strip()


def _editor_text(entry: Any) -> str:
    values = as_dict(entry)
    if "text" in values:
        return str(values["text"])
    separator = "\n" if values.get("type") == "list" else ""
    return separator.join(_editor_text(child) for child in as_list(values.get("children")))
