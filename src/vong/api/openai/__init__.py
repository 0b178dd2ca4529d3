"""Serve the OpenAI-compatible API under `/v1`: model calls, models, files, batches and stored responses.

May import `vong.api.http`, `vong.app` and `vong.gateway`.
"""

from vong.api.openai.app import create_openai_app
from vong.api.openai.protocol.model_calls import ModelCallProtocol, create_model_call_protocol

__all__ = ["ModelCallProtocol", "create_model_call_protocol", "create_openai_app"]
