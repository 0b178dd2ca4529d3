"""Our own engines: a local deployment is one more API in OpenAI's shape, on loopback, with a token of its own."""

from vong.config import ProviderSettings
from vong.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.openai import OpenAI
from vong.gateway.providers.provider import Ask, Reply
from vong.gateway.upstream import Upstream


class Deployment:
    """A deployment's engine. That it is away is our own fault, and the error says where to look."""

    def __init__(self, name: str, settings: ProviderSettings, upstream: Upstream) -> None:
        self.name = name
        self._api = OpenAI(name, settings, upstream)

    @property
    def address(self) -> str:
        """The engine's URL on loopback."""
        return self._api.address

    async def call(self, ask: Ask) -> Reply:
        """Pass the call on to the engine."""
        try:
            return await self._api.call(ask)
        except UpstreamTimeout:
            raise
        except UpstreamFailed as error:
            hint = f"see its state and log with: vong serving show {self.name}"
            raise Unavailable(f"the deployment {self.name!r} does not answer ({error.message})", hint) from error

    async def models(self) -> list[str]:
        """What the engine lists."""
        return await self._api.models()
