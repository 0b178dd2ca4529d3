"""Model versions, their aliases, and where they come from.

In: a folder of weights and what is known of it (base, dataset, run, licence). Out: a `ModelVersion` named by the hash
of its content, aliases that move only with evidence, the files back on disk, and lineage both ways.
"""

from vong.registry.aliases import aliases, history, set_alias
from vong.registry.download import materialise
from vong.registry.lineage import LineageSources, trace
from vong.registry.versions import find, list_models, register, versions

__all__ = [
    "LineageSources",
    "aliases",
    "find",
    "history",
    "list_models",
    "materialise",
    "register",
    "set_alias",
    "trace",
    "versions",
]
