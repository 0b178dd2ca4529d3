"""Providers for APIs that differ from OpenAI's in a few fields: one row of a table for each.

A row contains the base URL of the API, the variable that commonly holds its key, and the differences of its requests. A
field with another name is renamed. A field that the API does not support is rejected before anything is sent, unless
its value requests what the API does anyway. A field that does not change the response is removed. All other fields are
forwarded as the caller wrote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported
from vong.gateway.providers.base import COMMON_ENDPOINTS, OPENAI_ENDPOINTS, Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.http import HttpProvider, RequestTemplate, key_headers
from vong.gateway.providers.openai import ENDPOINT_PATHS, forward
from vong.gateway.translators.content import ACCOUNTING_FIELDS, check_no_op
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True)
class ProviderProfile:
    """One API.

    `base_url` is None if each customer has its own address. `key_variable` commonly holds the key, None if no key is
    needed. `header` carries the key.
    """

    base_url: str | None
    key_variable: str | None = None
    key_header: str = "authorization"
    renamed_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    unsupported_fields: frozenset[str] = frozenset()
    ignored_fields: frozenset[str] = frozenset()
    has_embeddings: bool = True


PROFILES: Mapping[str, ProviderProfile] = {
    "azure": ProviderProfile(None, "AZURE_OPENAI_API_KEY", key_header="api-key"),
    "groq": ProviderProfile(
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        unsupported_fields=frozenset({"n", "logprobs", "top_logprobs", "logit_bias"}),
        has_embeddings=False,
    ),
    "mistral": ProviderProfile(
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        renamed_fields={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
        unsupported_fields=frozenset({"logprobs", "top_logprobs", "logit_bias"}),
        # Its streams always end with usage.
        ignored_fields=ACCOUNTING_FIELDS - {"prompt_cache_key", "safety_identifier"},
    ),
    "ollama": ProviderProfile(
        "http://127.0.0.1:11434/v1",
        renamed_fields={"max_completion_tokens": "max_tokens"},
        unsupported_fields=frozenset({"n", "logit_bias", "tool_choice"}),
    ),
    "openrouter": ProviderProfile("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "vllm": ProviderProfile("http://127.0.0.1:8000/v1"),
}


class OpenAICompatibleProvider(HttpProvider):
    """Model API of the table. `kind` selects its row."""

    kind: ClassVar[str]
    endpoints: ClassVar[frozenset[Endpoint]] = COMMON_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self._profile = profile = PROFILES[self.kind]
        base_url = settings.base_url or profile.base_url
        if base_url is None:
            hint = "set base_url to https://RESOURCE.openai.azure.com/openai/v1"
            raise Misconfigured(f"the provider {name!r} has no base_url", hint)
        endpoint = UpstreamEndpoint(base_url, key_headers(settings.resolve_api_key(), profile.key_header))
        super().__init__(name, settings, upstream, endpoint, key_variable=profile.key_variable)

    def request_template(self, endpoint: Endpoint) -> RequestTemplate:
        """Return how calls of an endpoint are sent to the API.

        Raises: Unsupported if the API does not have the endpoint.
        """
        if endpoint == "embeddings" and not self._profile.has_embeddings:
            raise Unsupported(f"{self.kind} has no embeddings", "use a model of another provider")
        return RequestTemplate(self._api, ENDPOINT_PATHS[endpoint], self._adapt_body)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await forward(self.request_template(request.endpoint), request)

    def _adapt_body(self, body: bytes) -> bytes:
        profile = self._profile
        fields = _fields(body)
        changed = fields.keys() & (profile.unsupported_fields | profile.ignored_fields | profile.renamed_fields.keys())
        for name in changed:
            value = fields.pop(name)
            if name in profile.renamed_fields:
                fields[profile.renamed_fields[name]] = value
            elif name in profile.unsupported_fields:
                check_no_op(self.kind, name, msgspec.json.decode(value))
        return msgspec.json.encode(fields) if changed else body


class AzureProvider(OpenAICompatibleProvider):
    """Azure OpenAI. The model name is the name of the Azure deployment."""

    kind = "azure"
    endpoints = OPENAI_ENDPOINTS


class GroqProvider(OpenAICompatibleProvider):
    """Groq's API, without embeddings."""

    kind = "groq"


class MistralProvider(OpenAICompatibleProvider):
    """Mistral's API."""

    kind = "mistral"


class OllamaProvider(OpenAICompatibleProvider):
    """Ollama server, on this machine unless `base_url` is set."""

    kind = "ollama"


class OpenRouterProvider(OpenAICompatibleProvider):
    """OpenRouter's API, which routes to many providers."""

    kind = "openrouter"


class VllmProvider(OpenAICompatibleProvider):
    """vLLM server, on this machine unless `base_url` is set."""

    kind = "vllm"
