"""Which addresses a provider may have. A URL that people type into a form must not lead to a cloud's metadata service,
which gives its machine's secrets to whoever asks from there. This machine and private networks are allowed: models run
there.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from vong.errors import InvalidInput, Misconfigured

REFUSED = tuple(
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
HOLDING = tuple(
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
"""IPv6 networks whose addresses end in one of IPv4."""
NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
HINT = "give the address of a model API; the setting allow_link_local of this server allows such addresses"


def check_url(url: str, *, allow_link_local: bool = False) -> None:
    """InvalidInput where a provider may not be at that URL. Names are not looked up here: `check_peer` looks at the
    address that a connection really has.
    """
    hint = "write it as http(s)://HOST[:PORT]/PATH"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"the base URL cannot be read: {error}", hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidInput("the base URL is no http(s) address", hint)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("the base URL holds credentials", "give the secret as api_key: it is encrypted")
    if parts.query or parts.fragment or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidInput("the base URL holds a query, a fragment or characters that none may hold", hint)
    host = parts.hostname.rstrip(".").lower()
    if "%" in host and ":" not in host:
        raise InvalidInput("the base URL has a host in percent signs", hint)
    if not allow_link_local and (host in NAMES or refused(_literal(host))):
        raise InvalidInput(f"{host!r} is a link-local or metadata address", HINT)


def check_peer(host: str, *, allow_link_local: bool) -> None:
    """Misconfigured where a connection has reached an address that no provider may have, whatever its name was."""
    if not allow_link_local and refused(_literal(host)):
        raise Misconfigured(f"a provider's name leads to the link-local or metadata address {host}", HINT)


def refused(address: IPv4Address | IPv6Address | None) -> bool:
    """Whether no provider may be there."""
    if address is None:
        return False
    found = [address, *_within(address)] if isinstance(address, IPv6Address) else [address]
    return any(one in network for one in found for network in REFUSED)


def _within(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that one of IPv6 leads to. This machine's own leads to none."""
    if address.is_loopback:
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in HOLDING):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """A host that is an address, also in the odd forms that resolvers take (2852039166, 0xa9.254.43518)."""
    bare = host.partition("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(bare)) if bare[:1].isdigit() else None
    except (OSError, ValueError):
        return None
