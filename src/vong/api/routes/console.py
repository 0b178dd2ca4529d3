"""Web console: serves the files that its build wrote to `static`, and its page at the paths of the console.

A browser gets the page at every other path as well, because the page does its own routing. Any other client gets 404.

Nothing is loaded from other servers, so the console works without a network. `/api/docs` is Swagger UI under the same
conditions.
"""

import mimetypes
from html import escape
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.convertors import Convertor, register_url_convertor

from vong import __version__
from vong.api.http.credentials import SAFE_METHODS
from vong.api.http.missing_paths import find_unserved_api

STATIC = Path(__file__).parents[1] / "static"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STAGES = "data training evals registry serving gateway prompts knowledge pipelines traces feedback loop".split()  # noqa: SIM905

PAGES = frozenset((*STAGES, "login", "playground", "settings"))
"""First parts of the paths of the console's pages, beside the home page."""

# Scripts come from files only. Styles may be inline, because the component library writes a <style> tag with the
# colours of the theme and positions popovers with style attributes. A style runs no code, and none contains user input.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
CACHE_FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
ENCODING_SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""Encodings for which a file may have a compressed sibling, best first."""


class PageConvertor(Convertor[str]):
    """Path convertor for any path outside the API, where an unknown route stays an API error."""

    regex = r"(?!(?:api|v1|health|metrics)(?:/|$)).*"

    def convert(self, value: str) -> str:
        """Return the path unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the path unchanged."""
        return value


register_url_convertor("page", PageConvertor())
routes = APIRouter(include_in_schema=False)

NO_CONSOLE_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vong</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1b1f24, #e6e9ee); --soft: light-dark(#57606a, #9aa4b0);
  --line: light-dark(#d8dee4, #343b45); --ground: light-dark(#ffffff, #14181d); --mark: light-dark(#0b6e4f, #5fd3a6) }}
body {{ margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }}
main {{ max-width: 44rem; margin: 4rem auto; padding: 0 1.5rem }}
h1 {{ font-size: 1.75rem; margin: 0 }} h1 small {{ font-weight: 400; font-size: 1rem; color: var(--soft) }}
h2 {{ font-size: 1rem; margin: 2.5rem 0 .5rem }} p {{ margin: .25rem 0 1rem; color: var(--soft) }}
ol {{ display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; margin: 1.5rem 0; list-style: none }}
li {{ border: 1px solid var(--line); border-radius: 99px; padding: .1rem .8rem; font-size: .9rem }}
li:not(:last-child)::after {{ content: " →"; color: var(--soft) }}
dl {{ display: grid; grid-template-columns: 9rem 1fr; gap: .3rem 1rem; margin: 0 }} dt {{ color: var(--soft) }}
dd {{ margin: 0; overflow-wrap: anywhere }} a {{ color: var(--mark) }}
code, pre {{ font: .9em/1.6 ui-monospace, monospace }}
pre {{ border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; overflow-x: auto; color: var(--ink) }}
</style>
</head>
<body>
<main>
<h1>Vong <small>{version} is running</small></h1>
<ol>{stages}</ol>
<dl>
<dt>OpenAI clients</dt><dd><code>{url}/v1</code></dd>
<dt>API</dt><dd><a href="/api/docs">{url}/api/v1</a></dd>
<dt>OpenAPI document</dt><dd><a href="/api/openapi.json">/api/openapi.json</a></dd>
<dt>Health</dt><dd><a href="/health">/health</a></dd>
<dt>Metrics</dt><dd><a href="/metrics">/metrics</a></dd>
</dl>
<h2>First steps</h2>
<p>This installation has no console. <code>make up</code> builds it from a checkout, and release wheels contain it.
The command line, the API and the Python client work without it.</p>
<pre>vong access keys create mine       # a key for your OpenAI client
vong quickstart                   # one complete loop run on the samples
vong traces tail                  # model calls, live
vong --help</pre>
</main>
</body>
</html>
"""


DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vong API</title>
<link rel="icon" href="/icon.svg">
{head}
</head>
<body>
<div id="docs">{body}</div>
</body>
</html>
"""
SWAGGER_TAGS = """<link rel="stylesheet" href="/swagger/swagger-ui.css">
<script src="/swagger/swagger-ui-bundle.js" defer></script>
<script src="/api/docs.js" defer></script>"""
NO_SWAGGER_TEXT = """<p>This installation has no console, which includes Swagger UI. <code>make up</code> builds it.
The OpenAPI document is at <a href="/api/openapi.json">/api/openapi.json</a>.</p>"""
DOCS_SCRIPT = """window.addEventListener("DOMContentLoaded", () =>
  SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null }));
"""


@routes.get("/api/docs", response_class=HTMLResponse)
def docs() -> HTMLResponse:
    """Return the page with all API routes (Swagger UI)."""
    built = (STATIC / "swagger" / "swagger-ui-bundle.js").is_file()
    page = DOCS_PAGE.format(head=SWAGGER_TAGS if built else "", body="" if built else NO_SWAGGER_TEXT)
    return HTMLResponse(page, headers=SECURITY_HEADERS)


@routes.get("/api/docs.js")
def docs_script() -> Response:
    """Return the script that starts Swagger UI. It is a file because the page may contain no inline script."""
    return Response(DOCS_SCRIPT, media_type="text/javascript", headers=SECURITY_HEADERS)


@routes.api_route("/{path:page}", methods=METHODS)
def console(path: str, request: Request) -> Response:
    """Return a file of the console, or its page, which does its own routing."""
    root = path.partition("/")[0]
    is_page = root in PAGES or not path
    if request.method not in SAFE_METHODS:
        raise HTTPException(405, headers={"Allow": "GET, HEAD"}) if is_page else HTTPException(404)
    file = _find_file(path) if path else None
    if file is not None:
        cached = CACHE_FOREVER if path.startswith("assets/") else "no-cache"
        return _serve_file(file, request, cached)
    accepts_page = is_page or "text/html" in request.headers.get("accept", "")
    if "." in path.rpartition("/")[2] or find_unserved_api(f"/{path}") or not accepts_page:
        raise HTTPException(404)
    index = STATIC / "index.html"
    return _serve_file(index, request, "no-cache") if index.is_file() else _no_console(request)


def _find_file(path: str) -> Path | None:
    """Return the built file with a path, or None. Hidden files and files outside the folder are never returned."""
    if "\0" in path or any(part.startswith(".") for part in path.split("/")):
        return None
    file = (STATIC / path).resolve()
    return file if file.is_relative_to(STATIC.resolve()) and file.is_file() else None


def _serve_file(file: Path, request: Request, cached: str) -> Response:
    """Return the file in the best encoding that browser and build support, or 304 if the browser has it."""
    encoding = next(
        (one for one in _accepted_encodings(request) if file.with_name(file.name + ENCODING_SUFFIXES[one]).is_file()),
        None,
    )
    sent = file.with_name(file.name + ENCODING_SUFFIXES[encoding]) if encoding else file
    state = sent.stat()
    etag = f'"{state.st_size:x}-{state.st_mtime_ns:x}"'
    headers = {**SECURITY_HEADERS, "Cache-Control": cached, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    kind = MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return FileResponse(sent, headers=headers, media_type=kind)


def _accepted_encodings(request: Request) -> list[str]:
    offered: set[str] = set()
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if weight.rstrip("0") not in {"0.", "0"} and weight != "0":
            offered.add(name)
    return [name for name in ENCODING_SUFFIXES if name in offered]


def _no_console(request: Request) -> Response:
    """Return a page with the API addresses and first steps that needs no script, font or network."""
    stages = "".join(f"<li>{stage}</li>" for stage in STAGES)
    url = escape(str(request.base_url).rstrip("/"))
    return HTMLResponse(
        NO_CONSOLE_PAGE.format(version=escape(__version__), stages=stages, url=url), headers=SECURITY_HEADERS
    )
