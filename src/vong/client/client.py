"""The client: one namespace a stage."""

import json
from functools import cached_property
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vong import config
from vong.client.transport import Transport

if TYPE_CHECKING:
    from vong.client.access import Access
    from vong.client.data import DataClient
    from vong.client.evals import EvalsClient
    from vong.client.experiments import Experiments
    from vong.client.feedback import Feedback
    from vong.client.gateway import GatewayClient
    from vong.client.jobs import Jobs
    from vong.client.knowledge import Knowledge
    from vong.client.loop import Loop
    from vong.client.registry import Registry
    from vong.client.serving import ServingClient
    from vong.client.traces import Traces
    from vong.client.training import TrainingClient


class Client:
    """A connection to one Vong server.

    Without arguments it takes `VONG_URL` and `VONG_API_KEY`, else what `vong up` wrote into its home folder.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, *, patience: float = 10.0) -> None:
        settings = config.load()
        if url is None or api_key is None:
            found = _running(settings)
            url = url or settings.url or str(found.get("url") or settings.server_url)
            stored = settings.api_key.get_secret_value() if settings.api_key else found.get("api_key")
            api_key = api_key or stored
        self.transport = Transport(url, api_key, patience=patience)

    @cached_property
    def traces(self) -> "Traces":
        """What was asked and answered."""
        return self._namespace("traces", "Traces")

    @cached_property
    def access(self) -> "Access":
        """API keys and projects."""
        return self._namespace("access", "Access")

    @cached_property
    def knowledge(self) -> "Knowledge":
        """Documents, retrieval and cited answers."""
        return self._namespace("knowledge", "Knowledge")

    @cached_property
    def evals(self) -> "EvalsClient":
        """Evaluations and their comparisons."""
        return self._namespace("evals", "Evals")

    @cached_property
    def loop(self) -> "Loop":
        """Canaries and whole turns of the loop."""
        return self._namespace("loop", "Loop")

    @cached_property
    def gateway(self) -> "GatewayClient":
        """Routes to models, and calls through them."""
        return self._namespace("gateway", "Gateway")

    @cached_property
    def jobs(self) -> "Jobs":
        """Durable jobs: watch, cancel, try again."""
        return self._namespace("jobs", "Jobs")

    @cached_property
    def serving(self) -> "ServingClient":
        """Deployments of local models."""
        return self._namespace("serving", "Serving")

    @cached_property
    def data(self) -> "DataClient":
        """Datasets, their versions and their health."""
        return self._namespace("data", "Data")

    @cached_property
    def feedback(self) -> "Feedback":
        """Scores and corrections, and the examples they make."""
        return self._namespace("feedback", "Feedback")

    @cached_property
    def experiments(self) -> "Experiments":
        """Training runs and their figures."""
        return self._namespace("experiments", "Experiments")

    @cached_property
    def registry(self) -> "Registry":
        """Model versions, aliases and lineage."""
        return self._namespace("registry", "Registry")

    @cached_property
    def training(self) -> "TrainingClient":
        """Recipes, plans and training runs."""
        return self._namespace("training", "Training")

    def _namespace(self, stage: str, name: str) -> Any:
        """A stage's namespace, imported when first used."""
        return getattr(import_module(f"vong.client.{stage}"), name)(self.transport)

    def close(self) -> None:
        """Close the connection pool."""
        self.transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _running(settings: config.Settings) -> dict[str, Any]:
    """What `vong up` wrote about itself: `server.json` (url, pids) and the owner's key beside it."""
    found: dict[str, Any] = {}
    server, key = settings.folder / "server.json", settings.folder / "owner.key"
    if server.is_file():
        found["url"] = json.loads(server.read_text())["url"]
    if key.is_file():
        found["api_key"] = key.read_text().strip()
    return found
