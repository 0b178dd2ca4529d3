"""HTTP nodes of Dify."""

import base64
from typing import Any

from vong.pipelines.dify.conversion import Conversion, StepDraft
from vong.pipelines.dify.document import DifyNode
from vong.pipelines.dify.expressions import convert_text, find_selectors
from vong.pipelines.dify.names import to_identifier
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import Resolver

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
SECRET_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"})
CONTENT_TYPES = {
    "json": "application/json",
    "x-www-form-urlencoded": "application/x-www-form-urlencoded",
    "raw-text": "text/plain",
}


def convert_http(conversion: Conversion, node: DifyNode, resolve: Resolver) -> StepDraft:
    """Return a request. Keys in the export are replaced by names of secrets."""
    data = node.data
    draft = StepDraft("http", {"url": convert_text(data.get("url"), resolve).strip() or "https://example.com"})
    method = str(data.get("method") or "get").upper()
    if method in METHODS:
        draft.settings["method"] = method
    else:
        draft.advice.append(f"the method {method} is not supported: GET is used")
    if query := _read_pairs(data.get("params"), resolve):
        draft.settings["query"] = query
    headers, secrets = _split_headers(conversion, node, resolve, draft.advice)
    _add_body(draft, as_dict(data.get("body")), headers, resolve)
    if headers:
        draft.settings["headers"] = headers
    if secrets:
        draft.settings["secret_headers"] = secrets
    timeouts = as_dict(data.get("timeout"))
    seconds = [timeouts.get(f"{kind}_timeout") or timeouts.get(kind) or 0 for kind in ("connect", "read", "write")]
    total = sum(one for one in seconds if isinstance(one, int | float))
    if total > 0:
        draft.settings["timeout_seconds"] = min(float(total), 86_400.0)
    draft.status = "partial" if draft.advice else "converted"
    return draft


def _read_pairs(text: Any, resolve: Resolver) -> dict[str, str]:
    """Return the lines `name:value` of a text."""
    pairs: dict[str, str] = {}
    for line in str(text or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip():
            pairs[name.strip()] = convert_text(value.strip(), resolve)
    return pairs


def _split_headers(
    conversion: Conversion, node: DifyNode, resolve: Resolver, advice: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers with public values, and those with secrets."""
    headers: dict[str, str] = {}
    secrets: dict[str, str] = {}
    raw = str(node.data.get("headers") or "")
    if authorization := _authorization(as_dict(node.data.get("authorization"))):
        raw = f"{raw}\n{authorization[0]}:{authorization[1]}"
    for line in raw.splitlines():
        name, _, value = (part.strip() for part in line.partition(":"))
        if not name or not value:
            continue
        secret = _secret_name(conversion, node, name, value)
        if secret is None:
            headers[name] = convert_text(value, resolve)
            continue
        secrets[name] = secret
        prefix = next((f", beginning with {word!r}" for word in ("Bearer ", "Basic ") if value.startswith(word)), "")
        advice.append(f"the value of the header {name} was not imported: store it as the secret {secret!r}{prefix}")
    return headers, secrets


def _authorization(authorization: dict[str, Any]) -> tuple[str, str] | None:
    config = as_dict(authorization.get("config"))
    key = str(config.get("api_key") or "")
    if authorization.get("type") != "api-key" or not key:
        return None
    if config.get("type") == "custom":
        return str(config.get("header") or "Authorization"), key
    if config.get("type") == "basic":
        is_plain = "{{#" in key
        return "Authorization", "Basic " + (key if is_plain else base64.b64encode(key.encode()).decode())
    return "Authorization", f"Bearer {key}"


def _secret_name(conversion: Conversion, node: DifyNode, header: str, value: str) -> str | None:
    """Return the name of a secret for the value of a header, or None if the value is public."""
    selectors = find_selectors(value)
    hidden = {str(one.get("name")) for one in conversion.document.environment if one.get("value_type") == "secret"}
    for selector in selectors:
        if selector[0] == "env" and selector[1] in hidden:
            return to_identifier(selector[1], "secret").replace("_", "-")
    if header.lower() in SECRET_HEADERS and not selectors:
        return f"{conversion.names[node.id]}-{to_identifier(header, 'header')}".replace("_", "-")
    return None


def _add_body(draft: StepDraft, body: dict[str, Any], headers: dict[str, str], resolve: Resolver) -> None:
    kind, data = str(body.get("type") or "none"), body.get("data")
    entries = [as_dict(one) for one in as_list(data)]
    if kind in ("json", "raw-text"):
        text = data if isinstance(data, str) else "".join(str(one.get("value") or "") for one in entries)
        draft.settings["body"] = convert_text(text, resolve)
    elif kind == "x-www-form-urlencoded":
        pairs = (
            _read_pairs(data, resolve)
            if isinstance(data, str)
            else {str(one.get("key")): convert_text(one.get("value"), resolve) for one in entries if one.get("key")}
        )
        draft.settings["body"] = "&".join(f"{name}={_url_quoted(value)}" for name, value in pairs.items())
    elif kind in ("form-data", "binary"):
        draft.advice.append(f"bodies of type {kind} are not sent: use a call step, or an API that takes JSON")
        return
    if "body" in draft.settings and kind in CONTENT_TYPES and "content-type" not in {one.lower() for one in headers}:
        headers["Content-Type"] = CONTENT_TYPES[kind]


def _url_quoted(template: str) -> str:
    """Return a template whose expressions are quoted for a form."""
    return template.replace("}}", "| urlencode }}")
