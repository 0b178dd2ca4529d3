"""What a request presents to say who calls: a key in `Authorization: Bearer` or, as Anthropic's clients send it, in
`x-api-key`; or the session cookie of the console.

A browser sends the cookie whoever wrote the page that asks. So with a cookie, what changes something must come from a
page of this very server: browsers say so in `Sec-Fetch-Site` or `Origin`, which no page can forge.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from vong.errors import CrossSite, Unauthenticated

COOKIE = "vong_session"
READING = {"GET", "HEAD"}


def credential(method: str, headers: Mapping[str, str]) -> str:
    """The secret that a request presents; `headers` by their lower-case names.

    Unauthenticated where there is none; CrossSite where a cookie comes with a change that another site asks for.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and secret:
        return secret
    if headers.get("x-api-key"):
        return headers["x-api-key"].strip()
    token = _cookie(headers.get("cookie", ""))
    if not token:
        raise Unauthenticated("no API key was sent", "send the header Authorization: Bearer KEY")
    if method not in READING and not same_origin(headers):
        raise CrossSite(
            "this request came from a page of another site", "use the console of this very server, or an API key"
        )
    return token


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of this very server asks."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return bool(headers.get("host")) and urlsplit(headers.get("origin", "")).netloc == headers.get("host")


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of another site asks. Programs say nothing of the kind."""
    return ("sec-fetch-site" in headers or "origin" in headers) and not same_origin(headers)


def _cookie(header: str) -> str:
    if COOKIE not in header:
        return ""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
