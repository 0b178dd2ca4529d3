"""The typed Python client over the public HTTP API: `vong.client.Client().<stage>.<verb>(…)`.

In: a URL and an API key (given, or from `VONG_URL` and `VONG_API_KEY`, or from the running server's home folder).
Out: records. It uses nothing that another HTTP client could not.
"""

from vong.client.client import Client

__all__ = ["Client"]
