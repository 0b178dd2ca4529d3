"""Network addresses that requests to configurable hosts must not reach.

Link-local and metadata addresses return the secrets of a machine to any local client, so they are blocked for every
request. Requests on behalf of users that read pages are further limited to public addresses.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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
NAT64_NETWORK = ip_network("64:ff9b::/96")
RESERVED_NETWORKS = (ip_network("192.0.0.0/24"), ip_network("64:ff9b:1::/48"), ip_network("2002::/16"))
"""Networks that some versions of Python count as public."""
METADATA_HOSTS = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)


def is_blocked_address(address: IPv4Address | IPv6Address | None) -> bool:
    """Return True if the address is link-local, a metadata service, or no address of one machine."""
    if address is None:
        return False
    addresses = [address, *_embedded_ipv4(address)] if isinstance(address, IPv6Address) else [address]
    return any(item in network for item in addresses for network in BLOCKED_NETWORKS)


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    """Return True if the address is reachable on the public internet.

    An address of the well-known NAT64 network is public if its IPv4 address is.
    """
    if isinstance(address, IPv6Address) and address in NAT64_NETWORK:
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or is_blocked_address(address))
        and not any(address in network for network in RESERVED_NETWORKS)
    )


def parse_address(host: str) -> IPv4Address | IPv6Address | None:
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


def _embedded_ipv4(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address embeds; the loopback address embeds none."""
    if address.is_loopback:
        return []
    addresses = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in IPV4_EMBEDDING_NETWORKS):
        addresses.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [item for item in addresses if item is not None]
