"""Registry of extensions: lists and loads the installed extensions of every kind.

An extension is an entry point in the group of its kind. The built-in extensions are declared in `pyproject.toml` in the
same way as those of a third party. A newly installed package is found at the next start.

| kind     | group            | purpose                                                                |
|----------|------------------|------------------------------------------------------------------------|
| provider | `vong.providers` | calls a model API: `vong.gateway.providers.Provider`                   |
| engine   | `vong.engines`   | serves local weights in a separate process: `vong.serving.engine`      |
| recipe   | `vong.recipes`   | trains a model: `vong.training.recipes`                                |
| scorer   | `vong.scorers`   | scores a completion against its reference: `vong.evals.scorers`        |
| loader   | `vong.loaders`   | converts a file to text with headings: `vong.knowledge.loading.Loader` |
| format   | `vong.formats`   | converts rows of a file to examples: `vong.data.formats`               |
| guard    | `vong.guards`    | checks requests and responses: `vong.gateway.guards.Guard`             |
| pipeline_step | `vong.pipeline_steps` | step of a pipeline: `vong.pipelines.steps.base.StepKind`     |
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from vong.errors import Misconfigured, NotFound, did_you_mean

ExtensionKind = Literal["provider", "engine", "recipe", "scorer", "loader", "format", "guard", "pipeline_step"]
EXTENSION_KINDS: tuple[ExtensionKind, ...] = get_args(ExtensionKind)


@cache
def _installed(kind: ExtensionKind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"vong.{kind}s")}


LIST_COMMANDS: dict[ExtensionKind, str] = {
    "guard": "vong gateway guards types",
    "scorer": "vong evals scorers",
    "recipe": "vong training recipes",
}
"""Commands that list the extensions of a kind. Other kinds have none."""


def list_extensions(kind: ExtensionKind) -> list[str]:
    """Return the sorted names of all installed extensions of a kind."""
    return sorted(_installed(kind))


@cache
def load_extension(kind: ExtensionKind, name: str) -> Any:
    """Load an extension by name.

    Raises:
        NotFound: no extension of that kind has that name.
        Misconfigured: the extension cannot be imported.
    """
    found = _installed(kind)
    if name not in found:
        raise NotFound(f"no {kind} named {name!r}", _name_hint(kind, name, sorted(found)))
    try:
        return found[name].load()
    except (ImportError, AttributeError) as error:
        source = found[name].value
        message = f"the {kind} {name!r} ({source}) could not be loaded: {error}"
        raise Misconfigured(message, "reinstall its package") from error


def _name_hint(kind: ExtensionKind, name: str, names: list[str]) -> str:
    """Return the hint for an unknown name of an extension."""
    if kind in LIST_COMMANDS:
        return did_you_mean(name, names, LIST_COMMANDS[kind])
    return f"use one of: {', '.join(names)}"
