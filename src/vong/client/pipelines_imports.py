"""Templates and imports of pipelines in the client."""

from collections.abc import Mapping
from typing import Any

from vong.client.transport import Transport, segment

PATH = "/api/v1/pipelines"


class PipelineImportsClient:
    """Templates of pipelines, and pipelines from other systems."""

    _transport: Transport

    def templates(self) -> list[dict[str, Any]]:
        """Return the templates that ship."""
        return self._transport.get(f"{PATH}/templates", list[dict[str, Any]])

    def template(self, name: str, *, model: str | None = None) -> dict[str, Any]:
        """Return a template with its `definition`, its `yaml` and its `needs`. `model` replaces its model."""
        return self._transport.get(f"{PATH}/templates/{segment(name)}", dict[str, Any], model=model)

    def runnables(self) -> list[dict[str, Any]]:
        """Return the objects of the Python files in the folder `apps` of the server."""
        return self._transport.get(f"{PATH}/runnables", list[dict[str, Any]])

    def runnable(self, function: str) -> dict[str, Any]:
        """Return one object, `MODULE:ATTRIBUTE`, with the `definition` and the `yaml` of a pipeline that calls it."""
        return self._transport.get(f"{PATH}/runnables/{segment(function)}", dict[str, Any])

    def import_dify(
        self,
        text: str,
        *,
        name: str | None = None,
        model: str | None = None,
        models: Mapping[str, str] | None = None,
        bases: Mapping[str, str] | None = None,
        store: bool = False,
    ) -> dict[str, Any]:
        """Convert a Dify export (DSL) to a pipeline. The result has a `report`, `findings` and, if stored, `version`.

        `models` and `bases` map names of models and ids of data sets to names of this server; `model` is used for all
        other models. With `store`, the pipeline is stored as the next version of `name`.
        """
        body = {
            "text": text,
            "name": name,
            "model": model,
            "models": dict(models or {}),
            "bases": dict(bases or {}),
            "store": store,
        }
        return self._transport.post(f"{PATH}/import-dify", dict[str, Any], body=body)
