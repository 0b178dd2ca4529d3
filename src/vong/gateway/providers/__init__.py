"""Providers of model calls, one file each.

In: a `ProviderRequest` with a request body in OpenAI's format and the provider's own model name. Out: a
`ProviderResponse` in OpenAI's format, complete or as server-sent events.

A provider is created as `Provider(name, settings, upstream)` from its entry point in the group `vong.providers`. May
import `vong.gateway.upstream` and `vong.gateway.translators`.
"""

from vong.gateway.providers.base import COMMON_ENDPOINTS, Endpoint, Provider, ProviderRequest, ProviderResponse

__all__ = ["COMMON_ENDPOINTS", "Endpoint", "Provider", "ProviderRequest", "ProviderResponse"]
