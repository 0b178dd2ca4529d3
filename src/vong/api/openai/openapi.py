"""OpenAPI description of the paths under `/v1`.

Only the fields that Vong itself reads are listed. All other fields of OpenAI's and Anthropic's bodies are passed
through or translated, so the bodies are open.
"""

from typing import Any

from vong.gateway.endpoints import ENDPOINT_PATHS

STRING: dict[str, Any] = {"type": "string"}
POSITIVE_INTEGER: dict[str, Any] = {"type": "integer", "minimum": 1}
CONTENT: dict[str, Any] = {"anyOf": [STRING, {"type": "array", "items": {"type": "object"}}]}
TOOL: dict[str, Any] = {"type": "object", "properties": {"type": STRING, "function": {"type": "object"}}}


def message_schema(*roles: str) -> dict[str, Any]:
    """Return the schema of a message."""
    fields = {"role": {"type": "string", "enum": list(roles)}, "content": CONTENT}
    return {"type": "object", "properties": fields, "required": ["role", "content"]}


def messages_schema(*roles: str) -> dict[str, Any]:
    """Return the schema of a conversation."""
    return {"type": "array", "items": message_schema(*roles), "minItems": 1}


COMMON_FIELDS: dict[str, Any] = {
    "model": {"type": "string", "description": "A route, a deployment or PROVIDER/MODEL."},
    "stream": {"type": "boolean"},
    "user": STRING,
    "metadata": {"type": "object"},
    "temperature": {"type": "number"},
}
CONVERSATION_FIELDS: dict[str, Any] = {**COMMON_FIELDS, "tools": {"type": "array", "items": TOOL}}
BODIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "chat": (
        {
            **CONVERSATION_FIELDS,
            "messages": messages_schema("system", "developer", "user", "assistant", "tool"),
            "max_completion_tokens": POSITIVE_INTEGER,
            "max_tokens": POSITIVE_INTEGER,
            "n": POSITIVE_INTEGER,
            "stop": {"anyOf": [STRING, {"type": "array", "items": STRING}]},
            "response_format": {"type": "object"},
            "tool_choice": {"anyOf": [STRING, {"type": "object"}]},
        },
        ["model", "messages"],
    ),
    "completions": ({**COMMON_FIELDS, "prompt": STRING, "max_tokens": POSITIVE_INTEGER}, ["model", "prompt"]),
    "embeddings": (
        {
            "model": STRING,
            "input": {"anyOf": [STRING, {"type": "array", "items": STRING, "minItems": 1}]},
            "dimensions": POSITIVE_INTEGER,
            "encoding_format": {"type": "string", "enum": ["float", "base64"]},
        },
        ["model", "input"],
    ),
    "messages": (
        {
            **CONVERSATION_FIELDS,
            "messages": messages_schema("user", "assistant"),
            "max_tokens": POSITIVE_INTEGER,
            "system": CONTENT,
        },
        ["model", "messages", "max_tokens"],
    ),
    "responses": (
        {
            **CONVERSATION_FIELDS,
            "input": {"anyOf": [STRING, {"type": "array", "items": {"type": "object"}}]},
            "instructions": STRING,
            "max_output_tokens": POSITIVE_INTEGER,
            "previous_response_id": STRING,
            "store": {"type": "boolean"},
            "text": {"type": "object"},
        },
        ["model", "input"],
    ),
}
OPERATION_IDS = {
    "chat": "create_chat_completion",
    "completions": "create_completion",
    "embeddings": "create_embedding",
    "messages": "create_message",
    "responses": "create_response",
}
ID_PARAMETER: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": STRING}
KEY_SECURITY: list[dict[str, list[str]]] = [{"key": []}]


def build_operation(name: str, *parameters: dict[str, Any], body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an OpenAPI operation."""
    result: dict[str, Any] = {
        "operationId": name,
        "security": KEY_SECURITY,
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


def build_openapi() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, Any] = {}
    for path, endpoint in ENDPOINT_PATHS.items():
        properties, required = BODIES[endpoint]
        body = {"type": "object", "properties": properties, "required": required}
        paths[path] = {"post": build_operation(OPERATION_IDS[endpoint], body=body)}
    properties, required = BODIES["messages"]
    body = {"type": "object", "properties": properties, "required": ["model", "messages"]}
    paths["/v1/messages/count_tokens"] = {"post": build_operation("count_message_tokens", body=body)}
    paths["/v1/models"] = {"get": build_operation("list_models")}
    paths["/v1/models/{id}"] = {"get": build_operation("get_model", ID_PARAMETER)}
    paths["/v1/responses/{id}"] = {
        "get": build_operation("get_response", ID_PARAMETER),
        "delete": build_operation("delete_response", ID_PARAMETER),
    }
    paths["/v1/responses/{id}/input_items"] = {"get": build_operation("list_response_input_items", ID_PARAMETER)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vong, model calls", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }
