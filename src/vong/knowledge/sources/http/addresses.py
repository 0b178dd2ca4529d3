"""Policy for the addresses that sources may connect to: public ones, and hosts that a setting names."""

import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

import httpcore

from vong.errors import Forbidden, InvalidInput, UpstreamFailed
from vong.network_addresses import METADATA_HOSTS, is_blocked_address, is_public_address, parse_address

ALLOWED_HOSTS_HINT = "ask the operator to add the host to knowledge_allowed_hosts, if it may be read"
MAX_URL_CHARS = 2000


class AddressPolicy:
    """Decision about the hosts and addresses that a source may connect to.

    `allowed_hosts` are `HOST` or `HOST:PORT` whose addresses may be private. Link-local and metadata addresses are
    refused for them too.
    """

    def __init__(self, allowed_hosts: Iterable[str] = ()) -> None:
        self._allowed = frozenset(host.strip().rstrip(".").lower() for host in allowed_hosts)

    def check_url(self, url: str) -> None:
        """Check a URL before a request. Names are resolved, and their addresses checked, when a connection opens.

        Raises: InvalidInput if it is no http(s) URL; Forbidden if its host is refused.
        """
        hint = "write it as http(s)://HOST[:PORT]/PATH"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidInput(f"invalid URL {url[:200]!r}: {error}", hint) from error
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise InvalidInput(f"{url[:200]!r} is not an http(s) address", hint)
        if len(url) > MAX_URL_CHARS:
            raise InvalidInput(f"the URL has {len(url)} characters", f"use at most {MAX_URL_CHARS}")
        if parts.username is not None or parts.password is not None:
            raise InvalidInput("the URL contains credentials", "send them as the secret, which is stored encrypted")
        if not url.isprintable() or " " in url or "\\" in url:
            raise InvalidInput(f"{url[:200]!r} contains characters that a URL cannot hold", hint)
        host = parts.hostname.rstrip(".").lower()
        if "%" in host and ":" not in host:
            raise InvalidInput("the host of the URL is percent-encoded", hint)
        if host in METADATA_HOSTS:
            raise Forbidden(f"{host!r} is a metadata service", ALLOWED_HOSTS_HINT)
        if (address := parse_address(host)) is not None:
            self.check_address(host, port or (443 if parts.scheme == "https" else 80), address)

    def check_address(self, host: str, port: int, address: IPv4Address | IPv6Address) -> None:
        """Check an address that a host has. Raises Forbidden if it is refused."""
        shown = f"{host!r} ({address})" if host != str(address) else f"{host!r}"
        if is_blocked_address(address):
            raise Forbidden(f"{shown} is a link-local or metadata address", "use a public address")
        if not is_public_address(address) and not self._is_allowed(host, port):
            raise Forbidden(f"{shown} is not a public address", ALLOWED_HOSTS_HINT)

    def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, all of them checked.

        Raises: UpstreamFailed if the host has none; Forbidden if one of them is refused.
        """
        bare = host.rstrip(".").lower()
        try:
            found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UpstreamFailed(f"the host {host!r} is unknown: {error}", "check the address") from error
        addresses: list[str] = []
        for *_, target in found:
            address = parse_address(str(target[0]))
            if address is None:
                continue
            self.check_address(bare, port, address)
            if str(target[0]) not in addresses:
                addresses.append(str(target[0]))
        if not addresses:
            raise UpstreamFailed(f"the host {host!r} has no address", "check the address")
        return addresses

    def _is_allowed(self, host: str, port: int) -> bool:
        bare = host.rstrip(".").lower()
        return bare in self._allowed or f"{bare}:{port}" in self._allowed or f"[{bare}]:{port}" in self._allowed


class CheckedBackend(httpcore.NetworkBackend):
    """Network backend that resolves a host once, checks its addresses and connects to one of them.

    The name is not resolved a second time, so that it cannot change to another address in between. TLS still verifies
    the name.
    """

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the checked addresses of a host. Raises httpcore.ConnectError if none answers."""
        addresses: Sequence[str] = self._policy.resolve(host, port)
        failure: Exception | None = None
        for address in addresses:
            try:
                return self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    def sleep(self, seconds: float) -> None:
        """Wait, between two attempts of a connection."""
        self._backend.sleep(seconds)
