"""Read the credentials of a request.

A request presents a key in `Authorization: Bearer`, in `x-api-key` (as clients of Anthropic) or in `api-key` (as
clients of Azure OpenAI), or the session cookie of the console.

A browser sends the cookie with requests of any page. A request with a cookie that changes something must therefore come
from a page of this server. Browsers state the origin in `Sec-Fetch-Site` or `Origin`, which no page can forge.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from vong.errors import CrossSite, Unauthenticated

SESSION_COOKIE = "vong_session"
KEY_HEADERS = ("x-api-key", "api-key")
"""Headers that contain nothing but a key, in the order of their precedence."""
SAFE_METHODS = {"GET", "HEAD"}
"""Methods that change nothing."""


def read_credential(method: str, headers: Mapping[str, str]) -> str:
    """Return the secret that a request presents. `headers` have lower-case names.

    Raises:
        Unauthenticated: if the request has no credentials.
        CrossSite: if a page of another site requests a change with the session cookie.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and secret:
        return secret
    for name in KEY_HEADERS:
        if key := headers.get(name, "").strip():
            return key
    token = _session_token(headers.get("cookie", ""))
    if not token:
        raise Unauthenticated("no API key was sent", "send the header Authorization: Bearer KEY")
    if method not in SAFE_METHODS and not is_same_origin(headers):
        raise CrossSite("the request came from a page of another site", "use the console of this server, or an API key")
    return token


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Return True if the browser states that a page of this server sent the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return bool(headers.get("host")) and urlsplit(headers.get("origin", "")).netloc == headers.get("host")


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return True if the browser states that a page of another site sent the request. Programs send no such headers."""
    return ("sec-fetch-site" in headers or "origin" in headers) and not is_same_origin(headers)


def _session_token(header: str) -> str:
    if SESSION_COOKIE not in header:
        return ""
    try:
        found = SimpleCookie(header).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
