"""Report of an import from Dify: what became of each node, and what remains to be done."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from vong.pipelines.definition import PipelineDefinition
from vong.records import Record

ImportStatus = Literal["converted", "partial", "replaced", "ignored"]
"""`partial` steps lack something that their advice names. `replaced` steps fail until they are edited."""


class ImportedNode(Record):
    """Node of a Dify graph and the step that it became."""

    id: str
    title: str
    type: str
    step: str | None = None
    status: ImportStatus
    advice: tuple[str, ...] = ()


class ChatSettings(Record):
    """Settings of a chat that belong to the publication of a pipeline."""

    welcome: str = ""
    suggested_questions: tuple[str, ...] = ()


class DifyImport(Record):
    """Pipeline made from a Dify export, with a report."""

    name: str
    mode: str
    dsl_version: str
    definition: PipelineDefinition
    nodes: tuple[ImportedNode, ...] = ()
    advice: tuple[str, ...] = ()
    """Advice that concerns the whole application."""
    chat: ChatSettings = ChatSettings()

    @property
    def is_complete(self) -> bool:
        """Return True if no step was replaced by one that fails."""
        return all(node.status != "replaced" for node in self.nodes)


class DifyOptions(Record):
    """Choices for an import: names of models and knowledge bases by those in the export.

    `model` is used for all models that `models` does not name.
    """

    models: Mapping[str, str] = {}
    model: str | None = None
    bases: Mapping[str, str] = {}
    name: str | None = Field(default=None, max_length=100)


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[str, Any]:
    """Return an object as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}
