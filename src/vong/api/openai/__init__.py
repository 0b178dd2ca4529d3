"""The surface that OpenAI's clients speak to: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

from vong.api.openai.app import create_surface
from vong.api.openai.protocol.model_calls import ModelCallProtocol, create_listener

__all__ = ["ModelCallProtocol", "create_listener", "create_surface"]
