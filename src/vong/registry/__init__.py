"""Model registry: model versions, their aliases and their lineage.

In: a folder of weights and its metadata (base, dataset, run, licence). Out: a `ModelVersion` named by the hash of its
content, aliases that change only with evidence, the files restored to disk, and lineage in both directions.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.registry.aliases import list_alias_changes, list_aliases, set_alias
from vong.registry.download import download_version
from vong.registry.lineage import LineageSources, trace_lineage
from vong.registry.versions import find, list_models, list_versions, register

__all__ = [
    "LineageSources",
    "download_version",
    "find",
    "list_alias_changes",
    "list_aliases",
    "list_models",
    "list_versions",
    "register",
    "set_alias",
    "trace_lineage",
]
