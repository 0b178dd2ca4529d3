"""Providers for APIs that differ from OpenAI's in a few fields: one row of a table for each.

A row contains the base URL of the API, the variable that commonly holds its key, and the differences of its requests. A
field with another name is renamed. A field that the API does not support is rejected before anything is sent, unless
its value requests what the API does anyway. A field that does not change the response is removed. All other fields are
forwarded as the caller wrote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported
from vong.gateway.providers.base import OPENAI, RESPONSES, ProviderRequest, ProviderResponse, Shape
from vong.gateway.providers.http import HttpProvider, RequestTemplate
from vong.gateway.providers.openai import PATHS, listed, passed_on
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tool_choice": ("auto",),
}
"""Values without effect: an API without the field already does what was requested. Null is one for every field."""
ACCOUNTING = frozenset({"user", "store", "metadata", "service_tier"})
"""Fields that control storage and billing at OpenAI and do not change the response."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True)
class ProviderProfile:
    """One API.

    `base_url` is None if each customer has its own address. `key_variable` commonly holds the key, None if no key is
    needed. `header` carries the key.
    """

    base_url: str | None
    needs: str | None = None
    header: str = "authorization"
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    refused: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    embeddings: bool = True


ROWS: Mapping[str, ProviderProfile] = {
    "azure": ProviderProfile(None, "AZURE_OPENAI_API_KEY", header="api-key"),
    "groq": ProviderProfile(
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        refused=frozenset({"n", "logprobs", "top_logprobs", "logit_bias"}),
        embeddings=False,
    ),
    "mistral": ProviderProfile(
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        renamed={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
        refused=frozenset({"logprobs", "top_logprobs", "logit_bias"}),
        left_out=ACCOUNTING | {"stream_options"},  # its streams always end with usage
    ),
    "ollama": ProviderProfile(
        "http://127.0.0.1:11434/v1",
        renamed={"max_completion_tokens": "max_tokens"},
        refused=frozenset({"n", "logit_bias", "tool_choice"}),
    ),
    "openrouter": ProviderProfile("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "vllm": ProviderProfile("http://127.0.0.1:8000/v1"),
}


class OpenAICompatibleProvider:
    """Model API of the table. `kind` selects its row."""

    kind: ClassVar[str]
    shapes: ClassVar[frozenset[Shape]] = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        self._row = profile = ROWS[self.kind]
        base_url = settings.base_url or profile.base_url
        if base_url is None:
            hint = "set base_url to https://RESOURCE.openai.azure.com/openai/v1"
            raise Misconfigured(f"the provider {name!r} has no base_url", hint)
        key = settings.key()
        value = f"Bearer {key}" if profile.header == "authorization" else f"{key}"
        endpoint = UpstreamEndpoint(base_url, {profile.header: value} if key else {})
        self._api = HttpProvider(name, settings, upstream, endpoint, needs=profile.needs)

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    def sending(self, shape: Shape) -> RequestTemplate:
        """Return how calls of an endpoint are sent to the API.

        Raises: Unsupported if the API does not have the endpoint.
        """
        if shape == "embeddings" and not self._row.embeddings:
            raise Unsupported(f"{self.kind} has no embeddings", "use a model of another provider")
        return RequestTemplate(self._api, PATHS[shape], self._written)

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await passed_on(self.sending(ask.shape), ask)

    async def models(self) -> list[str]:
        """Return the models that the API lists."""
        return await listed(self._api)

    def _written(self, body: bytes) -> bytes:
        profile = self._row
        fields = _fields(body)
        changed = fields.keys() & (profile.refused | profile.left_out | profile.renamed.keys())
        for name in changed:
            value = fields.pop(name)
            if name in profile.renamed:
                fields[profile.renamed[name]] = value
            elif name in profile.refused:
                self._refuse(name, msgspec.json.decode(value))
        return msgspec.json.encode(fields) if changed else body

    def _refuse(self, name: str, value: Any) -> None:
        if value is not None and value not in NEUTRAL.get(name, ()):
            raise Unsupported(
                f"{self.kind} does not support {name}", f"remove {name}, or use a model of another provider"
            )


class AzureProvider(OpenAICompatibleProvider):
    """OpenAI's models at Azure. The model name is the name of the deployment there."""

    kind = "azure"
    shapes = RESPONSES


class GroqProvider(OpenAICompatibleProvider):
    """Groq."""

    kind = "groq"


class MistralProvider(OpenAICompatibleProvider):
    """Mistral."""

    kind = "mistral"


class OllamaProvider(OpenAICompatibleProvider):
    """Ollama, on this machine unless `base_url` is set."""

    kind = "ollama"


class OpenRouterProvider(OpenAICompatibleProvider):
    """OpenRouter, which routes to many providers."""

    kind = "openrouter"


class VllmProvider(OpenAICompatibleProvider):
    """vLLM, on this machine unless `base_url` is set."""

    kind = "vllm"
