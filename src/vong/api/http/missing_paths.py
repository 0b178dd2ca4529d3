"""Hints for paths that do not exist: a wrong base URL, or the API of another product that is not served."""

ENDPOINT_SUFFIXES = (
    "chat/completions",
    "completions",
    "embeddings",
    "rerank",
    "messages",
    "responses",
    "moderations",
    "models",
)
"""Ends of the paths that clients call below `/v1`."""
OPENAI_ROOTS = frozenset(
    (
        *("assistants", "audio", "batches", "chat", "completions", "conversations", "embeddings", "engines", "files"),
        *("fine_tuning", "images", "messages", "models", "moderations", "realtime", "responses", "threads", "uploads"),
        *("vector_stores", "videos"),
    )
)
"""First parts of the paths of OpenAI's and Anthropic's APIs, without `/v1`."""
SPANS_HINT = "send spans to POST /api/v1/traces/spans; see docs/guides/traces.md"
RUNS_HINT = "log runs with the Python client of Vong; see docs/guides/experiments.md"
UNSERVED_APIS: dict[str, tuple[str, str]] = {
    "/mcp": ("another path of the Model Context Protocol (MCP)", "use /mcp"),
    "/sse": ("the older transport of the Model Context Protocol (MCP)", "use streamable HTTP at /mcp"),
    "/.well-known": ("discovery of OAuth and MCP servers", "send an API key as Authorization: Bearer KEY"),
    "/api/2.0": ("MLflow's API", RUNS_HINT),
    "/api/2.1": ("MLflow's API", RUNS_HINT),
    "/api/3.0": ("MLflow's API", RUNS_HINT),
    "/ajax-api": ("MLflow's API", RUNS_HINT),
    "/api/public": ("Langfuse's API", SPANS_HINT),
    "/api/v1/private": ("Opik's API", SPANS_HINT),
    "/v1beta": (
        "Gemini's own API",
        "call Gemini models in OpenAI's or Anthropic's format, with a base_url ending in /v1",
    ),
    "/v1/traces": ("OpenTelemetry's OTLP", SPANS_HINT),
    "/v1/metrics": ("OpenTelemetry's OTLP", "read Vong's own metrics at /metrics"),
    "/v1/logs": ("OpenTelemetry's OTLP", SPANS_HINT),
}
"""APIs of other products by the prefix of their paths: what they are, and what to use instead."""


def find_unserved_api(path: str) -> tuple[str, str] | None:
    """Return the API of another product to which a path belongs, and what to use instead."""
    for prefix, api in UNSERVED_APIS.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return api
    return None


def describe_missing(path: str, base_url: str) -> tuple[str, str]:
    """Return message and hint for a path that no application serves."""
    if api := find_unserved_api(path):
        return f"path {path} does not exist: {api[0]} is not served", api[1]
    if path.strip("/").partition("/")[0] in OPENAI_ROOTS or path.rstrip("/").endswith(ENDPOINT_SUFFIXES):
        return f"path {path} does not exist", f"set the base_url of the client to {base_url.rstrip('/')}/v1"
    if path.startswith("/api/"):
        return f"path {path} does not exist", "see /api/docs for the paths under /api"
    return f"path {path} does not exist", "model calls are under /v1, the API under /api/v1 (see /api/docs)"


def describe_missing_v1(path: str) -> tuple[str, str]:
    """Return message and hint for a path under `/v1` that does not exist."""
    if api := find_unserved_api(path):
        return f"path {path} does not exist: {api[0]} is not served", api[1]
    rest = path.removeprefix("/v1/")
    if rest.startswith("v1/"):
        return f"path {path} does not exist", "the client adds /v1 itself: remove it from the end of base_url"
    if any(rest.startswith(f"{suffix}/") for suffix in ENDPOINT_SUFFIXES) and rest.endswith(ENDPOINT_SUFFIXES):
        return f"path {path} does not exist", "base_url ends in /v1, without the path of an endpoint"
    return f"path {path} does not exist", "see docs/guides/gateway.md for the paths under /v1"
