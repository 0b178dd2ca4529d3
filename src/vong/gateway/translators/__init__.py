"""Pure functions that translate between the chat completion, the gateway's common format, and all other formats.

May import `vong.gateway.upstream` only.
"""
