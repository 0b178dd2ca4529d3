"""The surface that OpenAI's clients speak to: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

from vong.api.openai.surface import create_surface

__all__ = ["create_surface"]
