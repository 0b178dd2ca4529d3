"""Typed Python client of the public HTTP API: `vong.client.Client().<stage>.<verb>(…)`.

In: a URL and an API key (arguments, or `VONG_PUBLIC_URL` and `VONG_API_KEY`, or the running server's home folder).
Out: records. The client uses only what any HTTP client could use. May import `records`, `errors` and `config`.
"""

from vong.client.client import Client

__all__ = ["Client"]
