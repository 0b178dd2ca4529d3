"""Model registry: model versions, their aliases and their lineage.

In: a folder of weights and its metadata (base, dataset, run, licence). Out: a `ModelVersion` named by the hash of its
content, aliases that change only with evidence, the files restored to disk, and lineage in both directions.
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
