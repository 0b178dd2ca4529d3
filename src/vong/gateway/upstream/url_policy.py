"""Policy for provider addresses: blocks link-local and metadata addresses.

A URL that people type into a form must not lead to a cloud's metadata service, which returns the secrets of its machine
to any local client. This machine and private networks are allowed, because models run there.
"""

from urllib.parse import urlsplit

from vong.errors import InvalidInput, Misconfigured
from vong.network_addresses import METADATA_HOSTS, is_blocked_address, parse_address

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
    if not allow_link_local and (host in METADATA_HOSTS or is_blocked_address(parse_address(host))):
        raise InvalidInput(f"{host!r} is a link-local or metadata address", BLOCKED_ADDRESS_HINT)


def check_peer(host: str, *, allow_link_local: bool) -> None:
    """Check the address that a connection has reached, independent of its name.

    Raises: Misconfigured if the address is blocked.
    """
    if not allow_link_local and is_blocked_address(parse_address(host)):
        raise Misconfigured(
            f"the provider's host name resolves to the link-local or metadata address {host}", BLOCKED_ADDRESS_HINT
        )
