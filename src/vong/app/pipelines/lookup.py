"""Lookup of the objects that a definition names, for its validation."""

from collections.abc import Callable, Mapping
from functools import cached_property
from uuid import UUID

from sqlalchemy import Connection

from vong import gateway, prompts
from vong.app.gateway import target_check
from vong.app.pipelines.secrets import list_secrets
from vong.app.platform import Platform
from vong.errors import VongError
from vong.knowledge.tables import list_bases
from vong.pipelines import versions
from vong.pipelines.definition import JsonSchema, PipelineDefinition


class PlatformLookup:
    """Objects of one project, within one transaction."""

    def __init__(self, platform: Platform, connection: Connection, project_id: UUID) -> None:
        self._platform, self._connection, self._project_id = platform, connection, project_id

    def find_model(self, name: str) -> bool:
        """Return whether calls may name a model: a route, a deployment, or a model of a known provider."""
        if name in self._routes:
            return True
        try:
            self._check_target(name)
        except VongError:
            return False
        return True

    def find_base(self, name: str) -> bool:
        """Return whether there is a knowledge base."""
        return name in self._bases

    def find_prompt(self, ref: str) -> Mapping[str, JsonSchema] | None:
        """Return the variables of a stored prompt."""
        try:
            return prompts.find(self._connection, ref).template.variables
        except VongError:
            return None

    def find_pipeline(self, ref: str) -> PipelineDefinition | None:
        """Return the definition of a stored pipeline."""
        try:
            return versions.find(self._connection, ref).definition
        except VongError:
            return None

    def find_secret(self, name: str) -> bool:
        """Return whether there is a stored secret."""
        return name in self._secrets

    @cached_property
    def _routes(self) -> set[str]:
        return {route.name for route in gateway.list_routes(self._connection)}

    @cached_property
    def _check_target(self) -> Callable[[str], None]:
        return target_check(self._platform, self._project_id, self._connection)

    @cached_property
    def _bases(self) -> set[str]:
        return {base.name for base in list_bases(self._connection)}

    @cached_property
    def _secrets(self) -> set[str]:
        return {secret.name for secret in list_secrets(self._connection)}
