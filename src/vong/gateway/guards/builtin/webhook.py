"""Guard that asks your own HTTP service to judge texts."""

import logging
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import msgspec
from pydantic import Field, SecretStr

from vong.errors import InvalidInput, UpstreamFailed
from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.gateway.upstream.client import UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.url_policy import check_url
from vong.records import Record

log = logging.getLogger(__name__)
MAX_TEXT_CHARS = 100_000
"""Characters of a text that are sent."""
RESERVED_HEADERS = frozenset(("host", "connection", "content-length", "transfer-encoding"))
"""Headers that the HTTP client sets itself."""


class WebhookGuardSettings(Record):
    """Address of the service, and how to call it."""

    url: str = Field(max_length=2000, description="http(s)://HOST[:PORT]/PATH, without a query.")
    timeout: float = Field(default=3.0, gt=0, le=60, description="Seconds to wait for a response.")
    on_failure: Literal["open", "closed"] = Field(
        default="closed",
        description="What happens if the service does not answer: open lets the text pass, closed blocks it.",
    )
    headers: Mapping[str, SecretStr] = Field(
        default={}, max_length=20, description="Additional request headers. Their values are stored encrypted."
    )


class _WebhookAnswer(msgspec.Struct):
    flagged: bool
    categories: list[str] = []


_decode_answer = msgspec.json.Decoder(_WebhookAnswer).decode


class WebhookGuard:
    """Webhook: POST `{"text": …}` to your service, which answers `{"flagged": true, "categories": [...]}`.

    If the service does not answer, `on_failure` decides whether the text passes.
    """

    Settings: ClassVar[type[Record]] = WebhookGuardSettings
    text_scope: ClassVar[TextScope] = "last"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: WebhookGuardSettings, dependencies: GuardDependencies) -> None:
        check_url(settings.url, allow_link_local=dependencies.allow_link_local)
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if any(not f"{name}{value}".isprintable() or ":" in name for name, value in headers.items()):
            raise InvalidInput("a header of the webhook contains invalid characters", "write it on one line")
        if reserved := RESERVED_HEADERS.intersection(name.lower() for name in headers):
            raise InvalidInput(f"header {sorted(reserved)[0]!r} is set by the webhook client", "remove that header")
        self._settings = settings
        self._upstream = dependencies.upstream
        self._endpoint = UpstreamEndpoint(settings.url, {"accept": "application/json", **headers})

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return the categories that the service reports.

        Raises:
            UpstreamFailed: if the service does not answer and `on_failure` is `closed`.
        """
        del ask
        try:
            answer = await self._post(msgspec.json.encode({"text": text[:MAX_TEXT_CHARS]}))
        except UpstreamFailed as error:
            if self._settings.on_failure == "closed":
                raise
            log.warning("webhook did not answer, its guard lets the text pass: %s", error)
            return []
        return (
            [Detection(category[:40]) for category in answer.categories[:20] or ["flagged"]] if answer.flagged else []
        )

    async def _post(self, body: bytes) -> _WebhookAnswer:
        seconds = self._settings.timeout
        limits = ResponseLimits(connect=seconds, first_byte=seconds, total=seconds)
        response = await self._upstream.send(self._endpoint, "", body, limits)
        try:
            content = await response.read()
        finally:
            response.close()
        try:
            if response.status == 200:
                return _decode_answer(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        message = f"webhook answered with status {response.status} or an unexpected body"
        raise UpstreamFailed(message, 'answer with status 200 and {"flagged": true or false}')
