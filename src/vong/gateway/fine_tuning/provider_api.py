"""Fine-tuning API of a provider: files, jobs, events and checkpoints, in OpenAI's format with its known deviations."""

import secrets
from typing import Any, NamedTuple, Protocol, runtime_checkable
from urllib.parse import quote

import msgspec

from vong.errors import (
    InvalidInput,
    Misconfigured,
    NotFound,
    RateLimitExceeded,
    UpstreamFailed,
    VongError,
    error_message,
)
from vong.gateway.providers.base import ProviderResponse
from vong.records.fine_tuning import FineTuningStatus

MARKER = "vong_job"
"""Key in the metadata of a provider's job. Its value identifies the job here, so that a job is created only once."""
PAGE_SIZE = 100
MAX_EVENT_PAGES = 50
STATUSES: dict[str, FineTuningStatus] = {
    **dict.fromkeys(("validating_files", "validating", "validated"), "validating_files"),
    **dict.fromkeys(("queued", "pending", "created", "notrunning", "not_running"), "queued"),
    **dict.fromkeys(("running", "started", "cancellation_requested", "cancelling"), "running"),
    "paused": "paused",
    **dict.fromkeys(("succeeded", "success", "completed"), "succeeded"),
    **dict.fromkeys(("failed", "failed_validation", "error"), "failed"),
    **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
}
"""Statuses by the names that providers use, in lower case. Azure reports pending, Mistral upper case."""


@runtime_checkable
class SendsAnyRequest(Protocol):
    """Provider whose API is OpenAI's, so that other paths than model calls can be used."""

    async def get(self, path: str) -> ProviderResponse:
        """Read a resource."""
        ...

    async def post(self, path: str, body: bytes, content_type: str = ...) -> ProviderResponse:
        """Send a request."""
        ...


class ProviderJob(NamedTuple):
    """State of a provider's job. `error` is its message, `fine_tuned_model` the provider's own name of the result."""

    id: str
    status: FineTuningStatus
    fine_tuned_model: str | None
    trained_tokens: int | None
    estimated_finish: int | None
    error: str | None


class ProviderEvent(NamedTuple):
    """Event of a provider's job."""

    id: str
    level: str
    message: str
    data: dict[str, Any]


class ProviderFineTuning:
    """Client of the fine-tuning API of one provider.

    All methods raise a VongError with the provider's message if it refuses a request.
    """

    def __init__(self, name: str, api: object) -> None:
        if not isinstance(api, SendsAnyRequest):
            raise InvalidInput(
                f"the provider {name!r} has no fine-tuning API in OpenAI's format", "use a provider of the kind openai"
            )
        self._name, self._api = name, api

    async def upload_file(self, filename: str, content: bytes) -> str:
        """Upload a training file and return its id."""
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
            f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{filename}"\r\n'
            "content-type: application/jsonl\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        found = await self._send("/files", body, f"multipart/form-data; boundary={boundary}")
        return self._id(found, "the upload of a file")

    async def create_job(self, body: dict[str, Any], marker: str) -> ProviderJob:
        """Create a job, or return the one that an earlier attempt has created with the same marker."""
        found = await self._get(f"/fine_tuning/jobs?limit={PAGE_SIZE}&metadata%5B{MARKER}%5D={quote(marker)}")
        for job in _items(found):
            if isinstance(job.get("metadata"), dict) and job["metadata"].get(MARKER) == marker:
                return self._to_job(job)
        metadata = {**(body.get("metadata") or {}), MARKER: marker}
        encoded = msgspec.json.encode({**body, "metadata": metadata})
        return self._to_job(await self._send("/fine_tuning/jobs", encoded))

    async def get_job(self, id: str) -> ProviderJob:
        """Return a job."""
        return self._to_job(await self._get(f"/fine_tuning/jobs/{quote(id, safe='')}"))

    async def change_job(self, id: str, action: str) -> ProviderJob:
        """Cancel, pause or resume a job."""
        return self._to_job(await self._send(f"/fine_tuning/jobs/{quote(id, safe='')}/{action}", b"{}"))

    async def list_events(self, id: str, seen: set[str]) -> list[ProviderEvent]:
        """Return the events that are not in `seen`, oldest first. A provider without events has none."""
        events, after = list[ProviderEvent](), ""
        for _ in range(MAX_EVENT_PAGES):
            path = f"/fine_tuning/jobs/{quote(id, safe='')}/events?limit={PAGE_SIZE}{after}"
            try:
                page = await self._get(path)
            except NotFound:
                break
            items = [event for event in _items(page) if event.get("id") and str(event["id"]) not in seen]
            events += [_to_event(event) for event in items]
            if not items or not page.get("has_more"):
                break
            after = f"&after={quote(str(items[-1]['id']))}"
        return events[::-1]

    async def list_checkpoints(self, id: str) -> list[dict[str, Any]]:
        """Return the checkpoints of a job, oldest first. A provider without checkpoints has none."""
        try:
            return _items(await self._get(f"/fine_tuning/jobs/{quote(id, safe='')}/checkpoints?limit={PAGE_SIZE}"))[
                ::-1
            ]
        except NotFound:
            return []

    async def _get(self, path: str) -> dict[str, Any]:
        return self._decode(await self._api.get(path))

    async def _send(self, path: str, body: bytes, content_type: str = "application/json") -> dict[str, Any]:
        return self._decode(await self._api.post(path, body, content_type))

    def _decode(self, response: ProviderResponse) -> dict[str, Any]:
        try:
            fields = msgspec.json.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            fields = None
        if response.status >= 400:
            raise self._to_error(response.status, fields)
        if not isinstance(fields, dict):
            raise UpstreamFailed(f"the provider {self._name!r} did not return a JSON object", "check its base_url")
        return fields

    def _to_error(self, status: int, fields: Any) -> VongError:
        error = (
            fields.get("error") or fields.get("detail") or fields.get("message") if isinstance(fields, dict) else None
        )
        message = f"the provider {self._name!r} refused: {error_message(error) or error or f'status {status}'}"
        if status in (401, 403):
            return Misconfigured(message, f"check its key: vong gateway providers test {self._name}")
        if status == 404:
            return NotFound(message, "check that the provider has OpenAI's fine-tuning API")
        if status == 429:
            return RateLimitExceeded(message, "wait, or raise the limit at the provider")
        if status < 500:
            return InvalidInput(message, "change the request or the file")
        return UpstreamFailed(f"{message} (status {status})", "the job tries again")

    def _to_job(self, fields: dict[str, Any]) -> ProviderJob:
        error = fields.get("error")
        reason = error_message(error) if error else ""
        tokens, finish = fields.get("trained_tokens"), fields.get("estimated_finish")
        model = fields.get("fine_tuned_model")
        return ProviderJob(
            self._id(fields, "a job"),
            STATUSES.get(str(fields.get("status")).lower(), "running"),
            str(model) if model else None,
            tokens if isinstance(tokens, int) else None,
            int(finish) if isinstance(finish, int | float) else None,
            reason or None,
        )

    def _id(self, fields: dict[str, Any], what: str) -> str:
        if not isinstance(fields.get("id"), str) or not fields["id"]:
            raise UpstreamFailed(f"the provider {self._name!r} returned no id for {what}", "check its base_url")
        return fields["id"]


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a list. Some providers send null instead of an empty list."""
    data = page.get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def _to_event(event: dict[str, Any]) -> ProviderEvent:
    data = event.get("data")
    level, message = str(event.get("level") or "info"), str(event.get("message") or "")
    return ProviderEvent(str(event["id"]), level, message, data if isinstance(data, dict) else {})
