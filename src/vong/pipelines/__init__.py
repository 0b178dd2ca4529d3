"""Pipelines: typed graphs of steps that run durably.

In: a definition (YAML) of steps with typed inputs and outputs. Out: an immutable version with a hash and a number, and
runs whose steps, inputs and outputs are stored, continued after a crash and replayed with changes.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

__all__: list[str] = []
