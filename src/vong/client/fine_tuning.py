"""Fine-tuning namespace of the client: the same jobs that OpenAI clients create under `/v1/fine_tuning/jobs`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vong.client.transport import Transport, segment

ROOT = "/v1/fine_tuning/jobs"
FINAL_STATUSES = ("succeeded", "failed", "cancelled")
POLL_INTERVAL_SECONDS = 1.0
MAX_PAGE = 100


class FineTuningClient:
    """Fine-tuning jobs, in OpenAI's format. An id is `ftjob-…`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, file: Path | str) -> str:
        """Upload a JSONL file of training rows in OpenAI's format, and return its id (`file-…`)."""
        path = Path(file)
        with path.open("rb") as content:
            sent = {"file": (path.name, content)}
            data = {"purpose": "fine-tune"}
            return str(self._transport.call("POST", "/v1/files", data=data, files=sent, timeout=3600).json()["id"])

    def start(
        self, file: Path | str, model: str, *, validation: Path | str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Upload a file and start a job on a base model of the registry, or on PROVIDER/MODEL.

        `more` has the other parameters of OpenAI's API: `method`, `suffix`, `seed`, `metadata`. `settings` are
        settings of the recipe.
        """
        body: dict[str, Any] = {"model": model, "training_file": self.upload(file), **more}
        if validation is not None:
            body["validation_file"] = self.upload(validation)
        return self._transport.call("POST", ROOT, json=body).json()

    def list(self, *, after: str | None = None, limit: int = 20) -> "list[dict[str, Any]]":
        """Return jobs, newest first; `after` is the last id of the previous page."""
        params = {"limit": limit} | ({"after": after} if after else {})
        return self._transport.call("GET", ROOT, params=params).json()["data"]

    def get(self, id: str) -> dict[str, Any]:
        """Return a job."""
        return self._transport.call("GET", f"{ROOT}/{segment(id)}").json()

    def events(self, id: str) -> "list[dict[str, Any]]":
        """Return all events of a job, oldest first."""
        return self._pages(f"{ROOT}/{segment(id)}/events")[::-1]

    def checkpoints(self, id: str) -> "list[dict[str, Any]]":
        """Return the checkpoints of a job, oldest first. Each can be called by its name."""
        return self._pages(f"{ROOT}/{segment(id)}/checkpoints")[::-1]

    def cancel(self, id: str) -> dict[str, Any]:
        """Cancel a job."""
        return self._change(id, "cancel")

    def pause(self, id: str) -> dict[str, Any]:
        """Pause a job at its newest checkpoint."""
        return self._change(id, "pause")

    def resume(self, id: str) -> dict[str, Any]:
        """Resume a paused job."""
        return self._change(id, "resume")

    def wait(self, id: str, on_event: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Wait until a job has ended, in any state, and return it. `on_event` receives every event once."""
        seen: set[str] = set()
        while True:
            job = self.get(id)
            if on_event is not None:
                for event in self.events(id):
                    if event["id"] not in seen:
                        seen.add(event["id"])
                        on_event(event)
            if job["status"] in FINAL_STATUSES:
                return job
            time.sleep(POLL_INTERVAL_SECONDS)

    def _change(self, id: str, action: str) -> dict[str, Any]:
        return self._transport.call("POST", f"{ROOT}/{segment(id)}/{action}").json()

    def _pages(self, path: str) -> "list[dict[str, Any]]":
        items: list[dict[str, Any]] = []
        while True:
            params = {"limit": MAX_PAGE} | ({"after": items[-1]["id"]} if items else {})
            page = self._transport.call("GET", path, params=params).json()
            items += page["data"]
            if not page["has_more"]:
                return items
