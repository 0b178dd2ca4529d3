"""Client of one server, with one namespace per stage."""

import json
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vong import config
from vong.client.transport import Transport

if TYPE_CHECKING:
    from vong.client.access import AccessClient
    from vong.client.data import DataClient
    from vong.client.evals import EvalsClient
    from vong.client.experiments import ExperimentsClient
    from vong.client.feedback import FeedbackClient
    from vong.client.fine_tuning import FineTuningClient
    from vong.client.gateway import GatewayClient
    from vong.client.jobs import JobsClient
    from vong.client.knowledge import KnowledgeClient
    from vong.client.loop import LoopClient
    from vong.client.pipelines import PipelinesClient
    from vong.client.project_files import ProjectFilesClient
    from vong.client.prompts import PromptsClient
    from vong.client.registry import RegistryClient
    from vong.client.serving import ServingClient
    from vong.client.traces import TracesClient
    from vong.client.training import TrainingClient


class Client:
    """Connection to one Vong server.

    Without arguments, URL and key come from `VONG_PUBLIC_URL` and `VONG_API_KEY`, or else from the home folder of
    `vong up`.
    `retry_seconds` is how long requests are retried while the server is unreachable.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, *, retry_seconds: float = 10.0) -> None:
        settings = config.load_settings()
        if url is None or api_key is None:
            running = _local_connection(settings)
            url = url or settings.public_url or str(running.get("url") or settings.server_url)
            stored_key = settings.api_key.get_secret_value() if settings.api_key else running.get("api_key")
            api_key = api_key or stored_key
        self.transport = Transport(url, api_key, retry_seconds=retry_seconds)

    @cached_property
    def traces(self) -> "TracesClient":
        """Return the namespace for spans and traces."""
        from vong.client.traces import TracesClient

        return TracesClient(self.transport)

    @cached_property
    def fine_tuning(self) -> "FineTuningClient":
        """Return the namespace for fine-tuning jobs in OpenAI's format."""
        from vong.client.fine_tuning import FineTuningClient

        return FineTuningClient(self.transport)

    @cached_property
    def access(self) -> "AccessClient":
        """Return the namespace for API keys, projects and users."""
        from vong.client.access import AccessClient

        return AccessClient(self.transport)

    @cached_property
    def prompts(self) -> "PromptsClient":
        """Return the namespace for versioned prompts and their labels."""
        from vong.client.prompts import PromptsClient

        return PromptsClient(self.transport)

    @cached_property
    def knowledge(self) -> "KnowledgeClient":
        """Return the namespace for documents, retrieval and cited answers."""
        from vong.client.knowledge import KnowledgeClient

        return KnowledgeClient(self.transport)

    @cached_property
    def evals(self) -> "EvalsClient":
        """Return the namespace for evaluations and their comparisons."""
        from vong.client.evals import EvalsClient

        return EvalsClient(self.transport)

    @cached_property
    def loop(self) -> "LoopClient":
        """Return the namespace for canaries and loop runs."""
        from vong.client.loop import LoopClient

        return LoopClient(self.transport)

    @cached_property
    def gateway(self) -> "GatewayClient":
        """Return the namespace for routes and model calls."""
        from vong.client.gateway import GatewayClient

        return GatewayClient(self.transport)

    @cached_property
    def jobs(self) -> "JobsClient":
        """Return the namespace for jobs."""
        from vong.client.jobs import JobsClient

        return JobsClient(self.transport)

    @cached_property
    def serving(self) -> "ServingClient":
        """Return the namespace for deployments of local models."""
        from vong.client.serving import ServingClient

        return ServingClient(self.transport)

    @cached_property
    def data(self) -> "DataClient":
        """Return the namespace for datasets, their versions and health reports."""
        from vong.client.data import DataClient

        return DataClient(self.transport)

    @cached_property
    def feedback(self) -> "FeedbackClient":
        """Return the namespace for scores, corrections and harvests."""
        from vong.client.feedback import FeedbackClient

        return FeedbackClient(self.transport)

    @cached_property
    def experiments(self) -> "ExperimentsClient":
        """Return the namespace for training runs and their metrics."""
        from vong.client.experiments import ExperimentsClient

        return ExperimentsClient(self.transport)

    @cached_property
    def registry(self) -> "RegistryClient":
        """Return the namespace for model versions, aliases and lineage."""
        from vong.client.registry import RegistryClient

        return RegistryClient(self.transport)

    @cached_property
    def training(self) -> "TrainingClient":
        """Return the namespace for recipes, plans and training runs."""
        from vong.client.training import TrainingClient

        return TrainingClient(self.transport)

    @cached_property
    def pipelines(self) -> "PipelinesClient":
        """Return the namespace for pipelines and their runs."""
        from vong.client.pipelines import PipelinesClient

        return PipelinesClient(self.transport)

    @cached_property
    def project_files(self) -> "ProjectFilesClient":
        """Return the namespace for the files of the project: pull, plan and apply."""
        from vong.client.project_files import ProjectFilesClient

        return ProjectFilesClient(self.transport)

    def system(self) -> dict[str, Any]:
        """Return installed versions, storage and processes of the server."""
        return self.transport.get("/api/v1/system", dict[str, Any])

    def close(self) -> None:
        """Close the connection pool."""
        self.transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _local_connection(settings: config.Settings) -> dict[str, Any]:
    """Return the connection of the server started by `vong up`: the URL in `server.json` and the owner's key."""
    connection: dict[str, Any] = {}
    server, key = settings.home_folder / "server.json", settings.home_folder / "owner.key"
    if server.is_file():
        connection["url"] = json.loads(server.read_text())["url"]
    if key.is_file():
        connection["api_key"] = key.read_text().strip()
    return connection
