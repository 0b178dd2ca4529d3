"""Provider for local deployments: OpenAI's format on loopback, with a token per engine."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import msgspec

from vong.config import ProviderSettings
from vong.errors import Unavailable, Unsupported, UpstreamFailed, UpstreamTimeout, error_message, parse_error
from vong.gateway.providers.base import (
    TEXT_ENDPOINTS,
    ModelKind,
    ProviderRequest,
    ProviderResponse,
    TokenCount,
    count_error,
)
from vong.gateway.providers.dialects import DEPLOYMENT
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.translators.countable_chat import split_attachments, to_countable_chat
from vong.gateway.upstream.client import UpstreamClient


class LocalDeploymentProvider:
    """Local deployment. If its engine does not respond, the hint of the error names the command that shows its log."""

    endpoints = TEXT_ENDPOINTS
    chat_dialect = DEPLOYMENT

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        self._api = OpenAIProvider(name, settings, upstream)
        address = self._api.address.removesuffix("/v1")
        self._engine = OpenAIProvider(name, settings.model_copy(update={"base_url": address}), upstream)

    @property
    def address(self) -> str:
        """Return the engine's URL on loopback."""
        return self._api.address

    def model_kind(self, model: str) -> ModelKind:
        """Return `text`: an engine completes prompts as they are, without the chat template."""
        del model
        return "text"

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call to the engine.

        Raises: Unsupported if the call requests embeddings.
        """
        if request.endpoint == "embeddings":
            raise Unsupported(
                f"the deployment {self.name!r} has no embeddings", "use an embedding model: vong gateway models"
            )
        with self._as_unavailable():
            return await self._api.call(request)

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the number of tokens of a messages request, by the model's own template and tokenizer.

        Images and documents are estimated, because the tokenizer reads texts only.
        """
        del headers
        chat, attachment_tokens = split_attachments(to_countable_chat(body))
        request = {name: chat[name] for name in ("model", "messages", "tools") if chat.get(name)}
        with self._as_unavailable():
            response = await self._engine.post("/tokenize", msgspec.json.encode(request))
        if response.status != 200:
            message = error_message(parse_error(response.body)) or response.body[:500].decode("utf-8", "replace")
            raise count_error(self.name, response.status, message)
        tokens = len(msgspec.json.decode(response.body)["ids"])
        return TokenCount(tokens + attachment_tokens, is_exact=not attachment_tokens)

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
