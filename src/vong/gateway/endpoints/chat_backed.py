"""Base of endpoints that every provider receives as a chat."""

from collections.abc import Mapping
from typing import Any

from vong.gateway.endpoints.parsing import with_model


class ChatBackedEndpoint:
    """Endpoint whose requests are sent to every provider as a chat."""

    def prepare_body(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body with the provider's model name."""
        del stream
        return with_model(body, model)

    def error_body(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> dict[str, Any]:
        """Build OpenAI's error body."""
        del status, request_id
        return {"error": dict(error)}
