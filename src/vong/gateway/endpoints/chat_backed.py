"""What shapes have in common that every provider is asked in as a chat."""

from collections.abc import Mapping
from typing import Any

from vong.gateway.endpoints.parsing import named


class ChatBackedEndpoint:
    """Every provider is asked in a chat."""

    def written(self, body: bytes, model: str, stream: bool) -> bytes:
        """The body with a provider's name of the model."""
        del stream
        return named(body, model)

    def error(self, status: int, said: Mapping[str, Any]) -> dict[str, Any]:
        """OpenAI's error body."""
        del status
        return {"error": dict(said)}
