"""Providers: whoever can answer a model call. One small file each.

In: an `Ask`, a request body in OpenAI's shape with the provider's own name of the model. Out: a `Reply` in OpenAI's
shape, whole or as server-sent events. A provider is made as `Provider(name, settings, upstream)` from its entry point
in the group `vong.providers`.
"""

from vong.gateway.providers.base import OPENAI, Provider, ProviderRequest, ProviderResponse, Shape

__all__ = ["OPENAI", "Provider", "ProviderRequest", "ProviderResponse", "Shape"]
