"""The forms in which callers write to the gateway beside chat and embeddings, one small file each.

In: a request body and, from a provider, an answer in that form or as a chat. Out: the same in the other.
"""

from collections.abc import Mapping

from vong.gateway.endpoints.base import EndpointAdapter
from vong.gateway.endpoints.completions import CompletionsEndpoint
from vong.gateway.endpoints.messages import MessagesEndpoint
from vong.gateway.endpoints.responses import ResponsesEndpoint
from vong.gateway.providers import Shape

SERVED: Mapping[Shape, EndpointAdapter] = {
    shape.name: shape for shape in (CompletionsEndpoint(), MessagesEndpoint(), ResponsesEndpoint())
}
"""By name. Chats and embeddings are not here: every provider takes them as they are."""
PATHS: Mapping[str, Shape] = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    **{f"/v1{shape.path}": name for name, shape in SERVED.items()},
}
"""Where each shape is served."""

__all__ = ["PATHS", "SERVED", "EndpointAdapter"]
