"""Serve the OpenAI-compatible API under `/v1`: model calls, models, files, batches and stored responses.

May import `vong.api.http`, `vong.app` and `vong.gateway`.
"""

from vong.api.openai.app import create_surface
from vong.api.openai.protocol.model_calls import ModelCallProtocol, create_listener

__all__ = ["ModelCallProtocol", "create_listener", "create_surface"]
