"""The surface that OpenAI's clients speak to: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

from vong.api.openai.listener import Listener, create_listener
from vong.api.openai.surface import create_surface

__all__ = ["Listener", "create_listener", "create_surface"]
