"""Policy for provider addresses: blocks link-local and metadata addresses.

A URL that people type into a form must not lead to a cloud's metadata service, which returns the secrets of its machine
to any local client. This machine and private networks are allowed, because models run there.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from vong.errors import InvalidInput, Misconfigured

BLOCKED_NETWORKS = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local, and the metadata service of most clouds
            "fe80::/10",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "100.100.100.200/32",
            "192.0.0.192/32",
            "168.63.129.16/32",
            "0.0.0.0/8",
            "255.255.255.255/32",
            "::/128",
            "224.0.0.0/4",
            "ff00::/8",
        ),
    )
)
IPV4_EMBEDDING_NETWORKS = tuple(
    map(
        ip_network,
        (
            "::/96",  # IPv4-compatible
            "::ffff:0:0:0/96",  # IPv4-translated
            "64:ff9b::/96",  # NAT64 (RFC 6052, section 2.1)
            "64:ff9b:1::/48",  # NAT64 of a network's own (RFC 8215)
        ),
    )
)
"""IPv6 networks whose addresses end in an IPv4 address."""
METADATA_HOSTS = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
BLOCKED_ADDRESS_HINT = "use the address of a model API, or set allow_link_local on this server to allow such addresses"


def check_url(url: str, *, allow_link_local: bool = False) -> None:
    """Check that a provider may use a URL.

    Names are not resolved here: `check_peer` checks the address that a connection really has.

    Raises: InvalidInput if the URL is malformed or blocked.
    """
    hint = "write it as http(s)://HOST[:PORT]/PATH"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"invalid base URL: {error}", hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidInput("the base URL is not an http(s) address", hint)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("the base URL contains credentials", "send the secret as api_key, which is stored encrypted")
    if parts.query or parts.fragment or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidInput("the base URL contains a query, a fragment or characters that a URL cannot hold", hint)
    host = parts.hostname.rstrip(".").lower()
    if "%" in host and ":" not in host:
        raise InvalidInput("the host of the base URL is percent-encoded", hint)
    if not allow_link_local and (host in METADATA_HOSTS or is_blocked_address(_parse_address(host))):
        raise InvalidInput(f"{host!r} is a link-local or metadata address", BLOCKED_ADDRESS_HINT)


def check_peer(host: str, *, allow_link_local: bool) -> None:
    """Check the address that a connection has reached, independent of its name.

    Raises: Misconfigured if the address is blocked.
    """
    if not allow_link_local and is_blocked_address(_parse_address(host)):
        raise Misconfigured(
            f"the provider's host name resolves to the link-local or metadata address {host}", BLOCKED_ADDRESS_HINT
        )


def is_blocked_address(address: IPv4Address | IPv6Address | None) -> bool:
    """Return True if no provider may use the address."""
    if address is None:
        return False
    addresses = [address, *_embedded_ipv4(address)] if isinstance(address, IPv6Address) else [address]
    return any(item in network for item in addresses for network in BLOCKED_NETWORKS)


def _embedded_ipv4(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address embeds; the loopback address embeds none."""
    if address.is_loopback:
        return []
    addresses = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in IPV4_EMBEDDING_NETWORKS):
        addresses.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [item for item in addresses if item is not None]


def _parse_address(host: str) -> IPv4Address | IPv6Address | None:
    """Parse a host that is an address, also in unusual notations that resolvers accept.

    Examples are 2852039166 and 0xa9.254.43518. Returns None if the host is a name.
    """
    bare = host.partition("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(bare)) if bare[:1].isdigit() else None
    except (OSError, ValueError):
        return None
