"""A service of yours that judges texts."""

import logging
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import msgspec
from pydantic import Field, SecretStr

from vong.errors import InvalidInput, UpstreamFailed
from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.gateway.upstream.client import UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.url_policy import check_url
from vong.records import Record

log = logging.getLogger(__name__)
LARGEST = 100_000
"""Characters of a text that are sent."""
FRAMING = frozenset(("host", "connection", "content-length", "transfer-encoding"))
"""Headers that say where a request goes and how it ends."""


class WebhookGuardSettings(Record):
    """Where it is, and how long it is waited for."""

    url: str = Field(max_length=2000, description="http(s)://HOST[:PORT]/PATH, without a query.")
    timeout: float = Field(default=3.0, gt=0, le=60, description="Seconds for one answer.")
    on_failure: Literal["open", "closed"] = Field(
        default="closed", description="Whether a text passes where the service does not answer."
    )
    headers: Mapping[str, SecretStr] = Field(
        default={}, max_length=20, description="Sent too; their values are sealed once they are stored."
    )


class _Answer(msgspec.Struct):
    flagged: bool
    categories: list[str] = []


_read = msgspec.json.Decoder(_Answer).decode


class WebhookGuard:
    """Webhook: a POST of `{"text": …}` to a service of yours, which answers `{"flagged": true, "categories": [...]}`.
    Where it does not, the text passes or not as `on_failure` says.
    """

    Settings: ClassVar[type[Record]] = WebhookGuardSettings
    reads: ClassVar[Reads] = "last"
    every: ClassVar[int | None] = None

    def __init__(self, settings: WebhookGuardSettings, aids: GuardDependencies) -> None:
        check_url(settings.url, allow_link_local=aids.allow_link_local)
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if any(not f"{name}{value}".isprintable() or ":" in name for name, value in headers.items()):
            raise InvalidInput("a header of the webhook holds characters that none may hold", "write it on one line")
        if taken := FRAMING.intersection(name.lower() for name in headers):
            raise InvalidInput(f"a webhook sets its own {sorted(taken)[0]!r}", "leave that header out")
        self._settings = settings
        self._upstream = aids.upstream
        self._endpoint = UpstreamEndpoint(settings.url, {"accept": "application/json", **headers})

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """What the service says. UpstreamFailed where it does not answer, and that is not to pass."""
        del ask
        try:
            answer = await self._post(msgspec.json.encode({"text": text[:LARGEST]}))
        except UpstreamFailed as error:
            if self._settings.on_failure == "closed":
                raise
            log.warning("a webhook did not answer, and its guard lets the text pass: %s", error)
            return []
        return (
            [Detection(category[:40]) for category in answer.categories[:20] or ["flagged"]] if answer.flagged else []
        )

    async def _post(self, body: bytes) -> _Answer:
        seconds = self._settings.timeout
        limits = ResponseLimits(connect=seconds, first_byte=seconds, total=seconds)
        response = await self._upstream.send(self._endpoint, "", body, limits)
        try:
            said = await response.read()
        finally:
            response.close()
        try:
            if response.status == 200:
                return _read(said)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        message = f"the webhook answered {response.status}, and not in the agreed form"
        raise UpstreamFailed(message, 'let it answer 200 with {"flagged": true or false}')
