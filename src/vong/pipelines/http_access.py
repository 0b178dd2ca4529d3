"""Connections of steps to other servers: only to public addresses and to hosts that a setting names."""

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

from vong.errors import Forbidden, InvalidInput, UpstreamFailed
from vong.network_addresses import METADATA_HOSTS, is_blocked_address, is_public_address, parse_address

ALLOWED_HOSTS_HINT = "ask the operator to add the host to pipeline_allowed_hosts, if steps may call it"
MAX_URL_CHARS = 4000


def check_url(url: str, allowed_hosts: frozenset[str]) -> None:
    """Check a URL before a request. Raises InvalidInput if it is no http(s) URL, Forbidden if its host is refused."""
    hint = "write it as http(s)://HOST[:PORT]/PATH"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"invalid URL {url[:200]!r}: {error}", hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or len(url) > MAX_URL_CHARS:
        raise InvalidInput(f"{url[:200]!r} is not an http(s) URL of at most {MAX_URL_CHARS} characters", hint)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("the URL contains credentials", "store them as a secret and name it in `secret_headers`")
    if not url.isprintable() or "\\" in url:
        raise InvalidInput(f"{url[:200]!r} contains characters that a URL cannot hold", hint)
    host = parts.hostname.rstrip(".").lower()
    if host in METADATA_HOSTS:
        raise Forbidden(f"{host!r} is a metadata service", ALLOWED_HOSTS_HINT)
    if parse_address(host) is not None:
        _check_address(host, port or (443 if parts.scheme == "https" else 80), host, allowed_hosts)


async def pin_address(request: Any, allowed_hosts: frozenset[str]) -> None:
    """Replace the host of a request of httpx by one of its addresses, all of them checked.

    The name is not resolved a second time, so that it cannot change to another address in between. TLS still verifies
    the name.

    Raises: UpstreamFailed if the host has no address, Forbidden if one is refused.
    """
    host = str(request.url.host)
    port = request.url.port or (443 if request.url.scheme == "https" else 80)
    check_url(str(request.url), allowed_hosts)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.rstrip("."), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UpstreamFailed(f"the host {host!r} is unknown: {error}", "check the URL") from error
    addresses = list(dict.fromkeys(str(target[0]) for *_, target in found))
    if not addresses:
        raise UpstreamFailed(f"the host {host!r} has no address", "check the URL")
    for address in addresses:
        _check_address(host, port, address, allowed_hosts)
    chosen = next((address for address in addresses if ":" not in address), addresses[0])
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=chosen)


def _check_address(host: str, port: int, text: str, allowed_hosts: frozenset[str]) -> None:
    address = parse_address(text)
    shown = f"{host!r} ({text})" if host != text else f"{host!r}"
    if address is None or is_blocked_address(address):
        raise Forbidden(f"{shown} is a link-local or metadata address", "use a public address")
    bare = host.rstrip(".").lower()
    if not is_public_address(address) and not {bare, f"{bare}:{port}", f"[{bare}]:{port}"} & allowed_hosts:
        raise Forbidden(f"{shown} is not a public address", ALLOWED_HOSTS_HINT)


def checked_transport(library: Any, allowed_hosts: frozenset[str]) -> Any:
    """Return an asynchronous transport of httpx (or of a library with its interface) that checks every address."""

    class CheckedTransport(library.AsyncHTTPTransport):
        """Transport that connects to checked addresses only."""

        async def handle_async_request(self, request: Any) -> Any:
            """Send a request to a checked address of its host."""
            original = request.url
            await pin_address(request, allowed_hosts)
            try:
                return await super().handle_async_request(request)
            finally:
                request.url = original

    return CheckedTransport(trust_env=False)
