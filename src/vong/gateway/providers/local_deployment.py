"""Our own engines: a local deployment is one more API in OpenAI's shape, on loopback, with a token of its own."""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unavailable, Unsupported, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.base import OPENAI, ProviderRequest, ProviderResponse
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.translators.anthropic_request import chat_of
from vong.gateway.upstream.client import UpstreamClient


class LocalDeploymentProvider:
    """A deployment's engine. That it is away is our own fault, and the error says where to look."""

    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        self._api = OpenAIProvider(name, settings, upstream)
        address = self._api.address.removesuffix("/v1")
        self._engine = OpenAIProvider(name, settings.model_copy(update={"base_url": address}), upstream)

    @property
    def address(self) -> str:
        """The engine's URL on loopback."""
        return self._api.address

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Pass the call on to the engine."""
        with self._ours():
            return await self._api.call(ask)

    async def count(self, body: bytes) -> int:
        """The tokens of a messages request, by the model's own template and tokenizer."""
        try:
            chat = chat_of(msgspec.json.decode(body))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(f"the request is not of the form of messages: {error!r}", "see its guide") from error
        if chat.get("tools"):
            raise Unsupported("a deployment counts messages, not tools", "leave tools out")
        asked = msgspec.json.encode({"model": chat["model"], "messages": chat["messages"]})
        with self._ours():
            found = await self._engine.post("/tokenize", asked)
        if found.status != 200:
            raise UpstreamFailed(f"{self.name!r} did not count: {found.body[:500].decode('utf-8', 'replace')}")
        return len(msgspec.json.decode(found.body)["ids"])

    @contextmanager
    def _ours(self) -> Generator[None]:
        try:
            yield
        except UpstreamTimeout:
            raise
        except UpstreamFailed as error:
            hint = f"see its state and log with: vong serving show {self.name}"
            raise Unavailable(f"the deployment {self.name!r} does not answer ({error.message})", hint) from error

    async def models(self) -> list[str]:
        """What the engine lists."""
        return await self._api.models()
