"""The page at `/`: where everything is. It is whole without a script, a font or a network."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from vong import __version__

routes = APIRouter(include_in_schema=False)
STAGES = "data training evals registry serving gateway knowledge traces feedback loop".split()  # noqa: SIM905
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html>
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
<h1>Vong <small>{version} is up</small></h1>
<ol>{stages}</ol>
<dl>
<dt>OpenAI clients</dt><dd><code>{url}/v1</code></dd>
<dt>API</dt><dd><a href="/api/docs">{url}/api/v1</a></dd>
<dt>Description</dt><dd><a href="/api/openapi.json">/api/openapi.json</a></dd>
<dt>Health</dt><dd><a href="/health">/health</a></dd>
<dt>Metrics</dt><dd><a href="/metrics">/metrics</a></dd>
</dl>
<h2>First steps</h2>
<p>Vong is driven by its command line, its API and its Python client.</p>
<pre>vong access key create mine       # a key for your OpenAI client
vong quickstart                   # one whole turn of the loop on the samples
vong traces list --follow         # what is asked and answered, live
vong --help</pre>
</main>
</body>
</html>
"""


@routes.get("/", response_class=HTMLResponse)
def overview(request: Request) -> HTMLResponse:
    """Where the API, the OpenAI surface and the first steps are."""
    stages = "".join(f"<li>{stage}</li>" for stage in STAGES)
    url = escape(str(request.base_url).rstrip("/"))
    page = PAGE.format(version=escape(__version__), stages=stages, url=url)
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})
