"""Endpoints of the gateway beside chat and embeddings, one small file each.

In: a request body and, from a provider, a response in the endpoint's format or as a chat. Out: the same in the other
format. May import `vong.gateway.upstream`, `vong.gateway.translators` and `vong.gateway.providers`.
"""

from collections.abc import Mapping

from vong.gateway.endpoints.base import EndpointAdapter
from vong.gateway.endpoints.completions import CompletionsEndpoint
from vong.gateway.endpoints.messages import MessagesEndpoint
from vong.gateway.endpoints.responses import ResponsesEndpoint
from vong.gateway.providers import Endpoint

ENDPOINTS: Mapping[Endpoint, EndpointAdapter] = {
    adapter.name: adapter for adapter in (CompletionsEndpoint(), MessagesEndpoint(), ResponsesEndpoint())
}
"""Adapters by endpoint name, without chat, embeddings and rerank, whose requests are sent unchanged."""
ENDPOINT_PATHS: Mapping[str, Endpoint] = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    "/v1/rerank": "rerank",
    **{f"/v1{adapter.path}": name for name, adapter in ENDPOINTS.items()},
}
"""Endpoints by path."""

__all__ = ["ENDPOINTS", "ENDPOINT_PATHS", "EndpointAdapter"]
