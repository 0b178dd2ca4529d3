"""Kinds of steps by name: built in, or of installed packages."""

from functools import cache
from typing import Any

from vong.pipelines.steps.base import StepKind
from vong.plugins import list_extensions, load_extension


def list_kinds() -> list[str]:
    """Return the names of all kinds."""
    return list_extensions("pipeline_step")


@cache
def get_kind(name: str) -> StepKind[Any]:
    """Return a kind of step.

    Raises:
        NotFound: no kind has that name.
        Misconfigured: the kind cannot be imported.
    """
    return load_extension("pipeline_step", name)()


def describe_kinds() -> list[dict[str, Any]]:
    """Return each kind with its description and the JSON schema of its settings."""
    described: list[dict[str, Any]] = []
    for name in list_kinds():
        kind = get_kind(name)
        text = (type(kind).__doc__ or "").strip().split("\n")[0]
        described.append({"kind": name, "description": text, "settings": kind.Config.model_json_schema()})
    return described
