"""OpenAPI description of the paths under `/v1`.

Only the fields that Vong itself reads are listed. All other fields of OpenAI's and Anthropic's bodies are passed
through or translated, so the bodies are open.
"""

from typing import Any

from vong.gateway.endpoints import PATHS

TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
CONTENT: dict[str, Any] = {"anyOf": [TEXT, {"type": "array", "items": {"type": "object"}}]}
TOOL: dict[str, Any] = {"type": "object", "properties": {"type": TEXT, "function": {"type": "object"}}}


def message(*roles: str) -> dict[str, Any]:
    """Return the schema of a message."""
    fields = {"role": {"type": "string", "enum": list(roles)}, "content": CONTENT}
    return {"type": "object", "properties": fields, "required": ["role", "content"]}


def messages(*roles: str) -> dict[str, Any]:
    """Return the schema of a conversation."""
    return {"type": "array", "items": message(*roles), "minItems": 1}


COMMON: dict[str, Any] = {
    "model": {"type": "string", "description": "A route, a deployment or PROVIDER/MODEL."},
    "stream": {"type": "boolean"},
    "user": TEXT,
    "metadata": {"type": "object"},
    "temperature": {"type": "number"},
}
TALKS: dict[str, Any] = {**COMMON, "tools": {"type": "array", "items": TOOL}}
BODIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "chat": (
        {
            **TALKS,
            "messages": messages("system", "developer", "user", "assistant", "tool"),
            "max_completion_tokens": COUNT,
            "max_tokens": COUNT,
            "n": COUNT,
            "stop": {"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
            "response_format": {"type": "object"},
            "tool_choice": {"anyOf": [TEXT, {"type": "object"}]},
        },
        ["model", "messages"],
    ),
    "completions": ({**COMMON, "prompt": TEXT, "max_tokens": COUNT}, ["model", "prompt"]),
    "embeddings": (
        {
            "model": TEXT,
            "input": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]},
            "dimensions": COUNT,
            "encoding_format": {"type": "string", "enum": ["float", "base64"]},
        },
        ["model", "input"],
    ),
    "messages": (
        {**TALKS, "messages": messages("user", "assistant"), "max_tokens": COUNT, "system": CONTENT},
        ["model", "messages", "max_tokens"],
    ),
    "responses": (
        {
            **TALKS,
            "input": {"anyOf": [TEXT, {"type": "array", "items": {"type": "object"}}]},
            "instructions": TEXT,
            "max_output_tokens": COUNT,
            "previous_response_id": TEXT,
            "store": {"type": "boolean"},
            "text": {"type": "object"},
        },
        ["model", "input"],
    ),
}
ID: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": TEXT}
KEY: list[dict[str, list[str]]] = [{"key": []}]


def operation(name: str, *parameters: dict[str, Any], body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an OpenAPI operation."""
    result: dict[str, Any] = {
        "operationId": name,
        "security": KEY,
        "responses": {
            "200": {"description": "The response.", "content": {"application/json": {}}},
            "default": {"description": "An error, in the format of the endpoint.", "content": {"application/json": {}}},
        },
    }
    if parameters:
        result["parameters"] = list(parameters)
    if body is not None:
        result["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return result


def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, Any] = {}
    for path, shape in PATHS.items():
        properties, required = BODIES[shape]
        body = {"type": "object", "properties": properties, "required": required}
        paths[path] = {"post": operation(shape, body=body)}
    properties, required = BODIES["messages"]
    body = {"type": "object", "properties": properties, "required": ["model", "messages"]}
    paths["/v1/messages/count_tokens"] = {"post": operation("count_tokens", body=body)}
    paths["/v1/models"] = {"get": operation("models")}
    paths["/v1/models/{id}"] = {"get": operation("model", ID)}
    paths["/v1/responses/{id}"] = {"get": operation("response", ID), "delete": operation("delete_response", ID)}
    paths["/v1/responses/{id}/input_items"] = {"get": operation("input_items", ID)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vong, model calls", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }
