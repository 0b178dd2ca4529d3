"""APIs that speak as OpenAI does but for a few fields: one row of a table for each, read in a minute.

A row says where the API is, which variable commonly holds its key, and how its requests differ. A field that it calls
otherwise is renamed; one that it cannot do is refused before anything is sent, unless it asks for what the API does
anyway; one whose absence changes nothing is left out. All else passes on as the caller wrote it.
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
"""Values that ask for nothing: even an API without the field does what was asked. Null is one for every field."""
ACCOUNTING = frozenset({"user", "store", "metadata", "service_tier"})
"""Fields that say how a call is kept and billed at OpenAI; an answer is the same without them."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True)
class ProviderProfile:
    """One API. `base_url` None: each customer has an address of their own. `needs`: the variable that commonly holds
    the key, None where none is needed. `header` carries the key.
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
        left_out=ACCOUNTING | {"stream_options"},  # its streams end with usage unasked
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
    """A model API of the table. `kind` is its row."""

    kind: ClassVar[str]
    shapes: ClassVar[frozenset[Shape]] = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self.name = name
        self._row = row = ROWS[self.kind]
        base_url = settings.base_url or row.base_url
        if base_url is None:
            hint = "set base_url to https://RESOURCE.openai.azure.com/openai/v1"
            raise Misconfigured(f"the provider {name!r} has no address", hint)
        key = settings.key()
        value = f"Bearer {key}" if row.header == "authorization" else f"{key}"
        endpoint = UpstreamEndpoint(base_url, {row.header: value} if key else {})
        self._api = HttpProvider(name, settings, upstream, endpoint, needs=row.needs)

    @property
    def address(self) -> str:
        """The base URL."""
        return self._api.endpoint.url

    def sending(self, shape: Shape) -> RequestTemplate:
        """Calls go out as the API wants them. Unsupported where it has none of the shape."""
        if shape == "embeddings" and not self._row.embeddings:
            raise Unsupported(f"{self.kind} makes no embeddings", "name a model of another provider")
        return RequestTemplate(self._api, PATHS[shape], self._written)

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Pass the call on."""
        return await passed_on(self.sending(ask.shape), ask)

    async def models(self) -> list[str]:
        """What the API lists."""
        return await listed(self._api)

    def _written(self, body: bytes) -> bytes:
        row = self._row
        fields = _fields(body)
        touched = fields.keys() & (row.refused | row.left_out | row.renamed.keys())
        for name in touched:
            value = fields.pop(name)
            if name in row.renamed:
                fields[row.renamed[name]] = value
            elif name in row.refused:
                self._refuse(name, msgspec.json.decode(value))
        return msgspec.json.encode(fields) if touched else body

    def _refuse(self, name: str, value: Any) -> None:
        if value is not None and value not in NEUTRAL.get(name, ()):
            raise Unsupported(f"{self.kind} cannot do {name}", f"leave {name} out, or name a model of another provider")


class AzureProvider(OpenAICompatibleProvider):
    """OpenAI's models at Azure. A model is called by the name of its deployment there."""

    kind = "azure"
    shapes = RESPONSES


class GroqProvider(OpenAICompatibleProvider):
    """Groq."""

    kind = "groq"


class MistralProvider(OpenAICompatibleProvider):
    """Mistral."""

    kind = "mistral"


class OllamaProvider(OpenAICompatibleProvider):
    """Ollama, on this machine unless `base_url` says otherwise."""

    kind = "ollama"


class OpenRouterProvider(OpenAICompatibleProvider):
    """OpenRouter, which leads to many providers."""

    kind = "openrouter"


class VllmProvider(OpenAICompatibleProvider):
    """vLLM, on this machine unless `base_url` says otherwise."""

    kind = "vllm"
