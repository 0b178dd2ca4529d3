"""Every kind of extension, in one file you can read in a minute.

An extension is an entry point in the group of its kind; ours are declared in `pyproject.toml` exactly as a third
party declares its own, and a package that is installed is found at the next start.

| kind     | group            | what it is                                                             |
|----------|------------------|------------------------------------------------------------------------|
| provider | `vong.providers` | speaks to a model API: `vong.gateway.providers.Provider`               |
| engine   | `vong.engines`   | serves local weights in a process of its own: `vong.serving.engine`   |
| recipe   | `vong.recipes`   | trains: `vong.training.recipes`                                        |
| scorer   | `vong.scorers`   | scores an answer against its reference: `vong.evals.scorers`           |
| loader   | `vong.loaders`   | turns a file's bytes into text with headings: `vong.knowledge.loaders` |
| format   | `vong.formats`   | reads rows of a file as examples: `vong.data.formats`                  |
| guard    | `vong.guards`    | looks at the texts of calls: `vong.gateway.guards.Guard`               |
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from vong.errors import Misconfigured, NotFound, nearest

Kind = Literal["provider", "engine", "recipe", "scorer", "loader", "format", "guard"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@cache
def _found(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"vong.{kind}s")}


def names(kind: Kind) -> list[str]:
    """The names of all installed extensions of a kind, sorted."""
    return sorted(_found(kind))


@cache
def load(kind: Kind, name: str) -> Any:
    """The extension of that name. NotFound for an unknown name, Misconfigured for one that cannot be imported."""
    found = _found(kind)
    if name not in found:
        raise NotFound(f"no {kind} named {name!r}", nearest(name, sorted(found), "vong doctor"))
    try:
        return found[name].load()
    except (ImportError, AttributeError) as error:
        source = found[name].value
        message = f"the {kind} {name!r} ({source}) does not load: {error}"
        raise Misconfigured(message, "reinstall its package") from error
