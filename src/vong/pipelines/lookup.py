"""Lookup of the stored objects that definitions name."""

from collections.abc import Mapping
from typing import Protocol

from vong.pipelines.definition import JsonSchema, PipelineDefinition


class Lookup(Protocol):
    """Lookup of the objects that a definition names. Each method returns None if the object does not exist."""

    def find_model(self, name: str) -> bool:
        """Return whether calls may name a model."""
        ...

    def find_base(self, name: str) -> bool:
        """Return whether there is a knowledge base."""
        ...

    def find_prompt(self, ref: str) -> Mapping[str, JsonSchema] | None:
        """Return the variables of a stored prompt."""
        ...

    def find_pipeline(self, ref: str) -> PipelineDefinition | None:
        """Return the definition of a stored pipeline."""
        ...

    def find_secret(self, name: str) -> bool:
        """Return whether there is a stored secret."""
        ...
