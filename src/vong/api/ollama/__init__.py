"""Serve Ollama's API under `/api`, beside the routes of Vong under `/api/v1`.

Requests become chats and embedding requests of the gateway, and run through the same keys, limits, guards and spans.
May import `vong.api.openai`, `vong.api.http`, `vong.app` and `vong.gateway`.
"""

from vong.api.ollama.app import create_ollama_app, serves_request

__all__ = ["create_ollama_app", "serves_request"]
