"""Provider for local deployments: OpenAI's format on loopback, with a token per engine."""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unavailable, Unsupported, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.translators.anthropic_request import to_chat_request
from vong.gateway.upstream.client import UpstreamClient


class LocalDeploymentProvider:
    """Local deployment. If its engine does not respond, the hint of the error names the command that shows its log."""

    endpoints = COMMON_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        self._api = OpenAIProvider(name, settings, upstream)
        address = self._api.address.removesuffix("/v1")
        self._engine = OpenAIProvider(name, settings.model_copy(update={"base_url": address}), upstream)

    @property
    def address(self) -> str:
        """Return the engine's URL on loopback."""
        return self._api.address

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call to the engine."""
        with self._as_unavailable():
            return await self._api.call(request)

    async def count_tokens(self, body: bytes) -> int:
        """Return the number of tokens of a messages request, by the model's own template and tokenizer."""
        try:
            chat = to_chat_request(msgspec.json.decode(body))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(
                f"the request is not a messages request: {error!r}", "see docs/guides/gateway.md"
            ) from error
        if chat.get("tools"):
            raise Unsupported("a deployment cannot count the tokens of tools", "remove tools")
        request = msgspec.json.encode({"model": chat["model"], "messages": chat["messages"]})
        with self._as_unavailable():
            response = await self._engine.post("/tokenize", request)
        if response.status != 200:
            raise UpstreamFailed(
                f"{self.name!r} failed to count tokens: {response.body[:500].decode('utf-8', 'replace')}"
            )
        return len(msgspec.json.decode(response.body)["ids"])

    @contextmanager
    def _as_unavailable(self) -> Generator[None]:
        try:
            yield
        except UpstreamTimeout:
            raise
        except UpstreamFailed as error:
            hint = f"check its state and log with: vong serving show {self.name}"
            raise Unavailable(f"the deployment {self.name!r} does not respond ({error.message})", hint) from error

    async def list_models(self) -> list[str]:
        """Return the models that the engine lists."""
        return await self._api.list_models()
