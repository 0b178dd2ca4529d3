"""Publications of pipelines in the client: publish, conversations, schedules and webhooks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vong.client.transport import Transport, iter_events, segment

list_of_objects = list[dict[str, Any]]
"""Alias outside the classes, because a class has a method named `list`."""


class PipelinePublicationsClient:
    """Publications: a pipeline as a model of `/v1`, a tool of `/mcp`, a chat page, a webhook and a schedule."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def conversations(self) -> "PipelineConversationsClient":
        """Return the conversations with published pipelines."""
        return PipelineConversationsClient(self._transport)

    @property
    def schedules(self) -> "PipelineSchedulesClient":
        """Return the schedules of pipelines."""
        return PipelineSchedulesClient(self._transport)

    @property
    def webhooks(self) -> "PipelineWebhooksClient":
        """Return the webhooks of pipelines."""
        return PipelineWebhooksClient(self._transport)

    def publications(self) -> list[dict[str, Any]]:
        """Return the published pipelines with their addresses."""
        return self._transport.get("/api/v1/pipelines/publications", list[dict[str, Any]])

    def publication(self, name: str) -> dict[str, Any]:
        """Return the publication of a pipeline with its addresses. Raises NotFound if it is not published."""
        return self._transport.get(f"/api/v1/pipelines/{segment(name)}/publication", dict[str, Any])

    def publish(self, name: str, *, slug: str | None = None, **settings: Any) -> dict[str, Any]:
        """Publish a pipeline, or replace the settings of its publication.

        `slug` is the last part of the address of its chat page. `settings` are `version`, `model`, `tool`, `mapping`,
        `inputs`, `page` and `memory`.
        """
        body = {"slug": slug, "settings": settings}
        return self._transport.request(
            "PUT", f"/api/v1/pipelines/{segment(name)}/publication", dict[str, Any], body=body
        )

    def unpublish(self, name: str) -> dict[str, Any]:
        """Withdraw a pipeline from `/v1`, `/mcp` and its chat page."""
        return self._transport.request("DELETE", f"/api/v1/pipelines/{segment(name)}/publication", dict[str, Any])


class PipelineConversationsClient:
    """Conversations with published pipelines."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, name: str, *, person: str | None = None, **page: Any) -> list[dict[str, Any]]:
        """Return the conversations with a pipeline, the latest first. `page` is `before` and `limit`."""
        params = {"person": person, **page}
        given = {key: value for key, value in params.items() if value is not None}
        return self._transport.get(_path(name), list[dict[str, Any]], **given)

    def create(self, name: str, *, person: str | None = None, title: str | None = None) -> dict[str, Any]:
        """Create a conversation of a person. Without one, of the caller."""
        return self._transport.post(_path(name), dict[str, Any], body={"person": person, "title": title})

    def get(self, name: str, id: str) -> dict[str, Any]:
        """Return a conversation."""
        return self._transport.get(_path(name, id), dict[str, Any])

    def messages(self, name: str, id: str) -> list_of_objects:
        """Return the messages of a conversation, oldest first."""
        return self._transport.get(f"{_path(name, id)}/messages", list_of_objects)

    def send(
        self,
        name: str,
        id: str,
        text: str,
        *,
        attachments: tuple[str, ...] = (),
        inputs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send a message, and return the answer of the pipeline."""
        body = {"text": text, "attachments": list(attachments), "inputs": inputs or {}}
        return self._transport.post(f"{_path(name, id)}/messages", dict[str, Any], body=body)

    def stream(self, name: str, id: str, text: str, *, attachments: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
        """Send a message, and yield the events of the answer: sent, tool, delta, message, suggestions, error."""
        body = {"text": text, "attachments": list(attachments), "stream": True}
        response = self._transport.open_event_stream("POST", f"{_path(name, id)}/messages", json=body, timeout=600.0)
        try:
            for event in iter_events(response):
                yield event.json()
        finally:
            response.close()

    def attach(self, name: str, id: str, file: Path) -> dict[str, Any]:
        """Attach a file to the next message of a conversation. Only its text is kept."""
        with file.open("rb") as content:
            return self._transport.post(
                f"{_path(name, id)}/attachments", dict[str, Any], files={"file": (file.name, content)}
            )

    def feedback(
        self, name: str, id: str, message: str, *, value: float | None = None, comment: str | None = None
    ) -> dict[str, Any]:
        """Store feedback on an answer as a score of its run."""
        body = {"value": value, "comment": comment}
        path = f"{_path(name, id)}/messages/{segment(message)}/feedback"
        return self._transport.post(path, dict[str, Any], body=body)

    def delete(self, name: str, id: str) -> None:
        """Delete a conversation with its messages and attachments."""
        self._transport.request("DELETE", _path(name, id))

    def facts(self, name: str, person: str) -> dict[str, Any]:
        """Return the facts that are kept about a person, and the consent."""
        return self._transport.get(_person_path(name, person), dict[str, Any])

    def set_consent(self, name: str, person: str, consent: bool) -> dict[str, Any]:
        """Store the consent of a person. Withdrawing it deletes all facts about the person."""
        body = {"consent": consent}
        return self._transport.request("PUT", _person_path(name, person), dict[str, Any], body=body)

    def delete_fact(self, name: str, person: str, id: str) -> None:
        """Delete one fact about a person."""
        self._transport.request("DELETE", f"{_person_path(name, person)}/{segment(id)}")


class PipelineSchedulesClient:
    """Schedules of pipelines."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, name: str) -> list[dict[str, Any]]:
        """Return the schedules of a pipeline with their next runs."""
        return self._transport.get(f"/api/v1/pipelines/{segment(name)}/schedules", list[dict[str, Any]])

    def create(self, name: str, schedule: str, cron: str, **settings: Any) -> dict[str, Any]:
        """Create a schedule. `settings` are `time_zone`, `inputs`, `missed`, `version`, `webhook` and `paused`."""
        body = {"name": schedule, "cron": cron, **settings}
        return self._transport.post(f"/api/v1/pipelines/{segment(name)}/schedules", dict[str, Any], body=body)

    def update(
        self, name: str, schedule: str, *, settings: dict[str, Any] | None = None, paused: bool | None = None
    ) -> dict[str, Any]:
        """Change, pause or resume a schedule."""
        body = {"settings": settings, "paused": paused}
        path = f"/api/v1/pipelines/{segment(name)}/schedules/{segment(schedule)}"
        return self._transport.request("PATCH", path, dict[str, Any], body=body)

    def delete(self, name: str, schedule: str) -> None:
        """Delete a schedule. Its runs are kept."""
        self._transport.request("DELETE", f"/api/v1/pipelines/{segment(name)}/schedules/{segment(schedule)}")


class PipelineWebhooksClient:
    """Webhooks of pipelines."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, name: str) -> list[dict[str, Any]]:
        """Return the webhooks of a pipeline, without their tokens and secrets."""
        return self._transport.get(f"/api/v1/pipelines/{segment(name)}/webhooks", list[dict[str, Any]])

    def create(self, name: str, webhook: str, **settings: Any) -> dict[str, Any]:
        """Create a webhook. The address and the secret are returned once.

        `settings` are `signature`, `inputs`, `version` and `url`, to which results are sent.
        """
        body = {"name": webhook, **settings}
        return self._transport.post(f"/api/v1/pipelines/{segment(name)}/webhooks", dict[str, Any], body=body)

    def deliveries(self, name: str, webhook: str) -> list_of_objects:
        """Return the results that a webhook sends or has sent, newest first."""
        path = f"/api/v1/pipelines/{segment(name)}/webhooks/{segment(webhook)}/deliveries"
        return self._transport.get(path, list[dict[str, Any]])

    def delete(self, name: str, webhook: str) -> None:
        """Delete a webhook. Its address stops to start runs at once."""
        self._transport.request("DELETE", f"/api/v1/pipelines/{segment(name)}/webhooks/{segment(webhook)}")


def _path(name: str, id: str | None = None) -> str:
    path = f"/api/v1/pipelines/{segment(name)}/conversations"
    return path if id is None else f"{path}/{segment(id)}"


def _person_path(name: str, person: str) -> str:
    return f"/api/v1/pipelines/{segment(name)}/persons/{segment(person)}/facts"
