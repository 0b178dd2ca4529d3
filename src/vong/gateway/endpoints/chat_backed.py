"""Base of endpoints that every provider receives as a chat."""

from collections.abc import Mapping
from typing import Any

from vong.gateway.endpoints.parsing import named


class ChatBackedEndpoint:
    """Endpoint whose requests are sent to every provider as a chat."""

    def written(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body with the provider's model name."""
        del stream
        return named(body, model)

    def error(self, status: int, said: Mapping[str, Any]) -> dict[str, Any]:
        """Build OpenAI's error body."""
        del status
        return {"error": dict(said)}
