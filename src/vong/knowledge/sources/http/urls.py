"""Normal form of URLs, and the paths of their documents."""

import hashlib
import posixpath
import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING_PARAMETERS = re.compile(r"(utm_\w+|gclid|fbclid|mc_cid|mc_eid|_ga|igshid|msclkid)", re.IGNORECASE)
MAX_PATH_CHARS = 400
SAFE_PATH = "/%:@!$&'()*+,;=~-._"
SAFE_QUERY = SAFE_PATH + "?"


def normalize_url(url: str, base: str = "") -> str | None:
    """Return the form of an http(s) URL by which pages are compared. Returns None if it is no such URL.

    The host is in lower case, default ports, fragments and tracking parameters are removed, `.` and `..` are resolved,
    and characters that a URL cannot hold are encoded.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".").lower()
        host = _encode_host(host)
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() not in DEFAULT_PORTS or not host or parts.username is not None:
        return None
    scheme = parts.scheme.lower()
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[scheme]:
        netloc += f":{port}"
    path = _normalize_path(parts.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(TRACKING_PARAMETERS.fullmatch(name) for name, _ in pairs):
        query = urlencode([pair for pair in pairs if not TRACKING_PARAMETERS.fullmatch(pair[0])])
    else:
        query = quote(parts.query, safe=SAFE_QUERY)
    return urlunsplit((scheme, netloc, path, query, ""))


def to_ascii_url(url: str) -> str:
    """Return a URL with an international host or path in ASCII, as it is sent."""
    parts = urlsplit(url)
    host = _encode_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        netloc += f":{parts.port}"
    path, query = quote(parts.path, safe=SAFE_PATH) or "/", quote(parts.query, safe=SAFE_QUERY)
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def document_path(url: str, suffix: str) -> str:
    """Return the path of the document of a page: host and path, with this suffix and without characters of queries."""
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    if not path or parts.path.endswith("/"):
        path = f"{path}/index" if path else "index"
    stem, own_suffix = posixpath.splitext(path)
    if own_suffix.lower() in {suffix, ".htm", ".html", ".xhtml", ".php", ".asp", ".aspx", ".jsp"}:
        path = stem
    if parts.query:
        path += f"_{unquote(parts.query)}"
    path = re.sub(r"[^\w./=&,~+-]+", "-", f"{parts.netloc}/{path}").replace("//", "/")
    if len(path) > MAX_PATH_CHARS:
        path = f"{path[:MAX_PATH_CHARS]}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    return path + suffix


def _normalize_path(path: str) -> str:
    path = quote(path, safe=SAFE_PATH) or "/"
    resolved = posixpath.normpath(path) if "/." in path or "//" in path else path
    if resolved.startswith("//"):
        resolved = resolved[1:]
    if path.endswith(("/", "/.", "/..")) and not resolved.endswith("/"):
        resolved += "/"
    return re.sub(r"%[0-9a-f]{2}", lambda match: match[0].upper(), resolved)


def _encode_host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")
