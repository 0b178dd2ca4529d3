"""Parts of the OpenAPI description of the paths under `/v1`: operations, parameters and errors."""

from typing import Any

STRING: dict[str, Any] = {"type": "string"}
POSITIVE_INTEGER: dict[str, Any] = {"type": "integer", "minimum": 1}
ID_PARAMETER: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": STRING}
MODEL_PARAMETER: dict[str, Any] = {**ID_PARAMETER, "name": "model"}
SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of Vong."},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "As clients of Anthropic."},
    "api-key": {"type": "apiKey", "in": "header", "name": "api-key", "description": "As clients of Azure OpenAI."},
}
ERRORS: dict[str, str] = {
    "400": "The request is invalid, or the model does not support it.",
    "401": "The API key is missing, unknown, expired or revoked.",
    "402": "A budget is spent.",
    "403": "The key may not do this.",
    "404": "There is no such model, object or path.",
    "405": "The path does not accept the method. `Allow` lists those that it accepts.",
    "409": "The state of the object does not allow this.",
    "413": "The request is too large.",
    "429": "A limit is reached. `Retry-After` has the seconds to wait.",
    "500": "The server failed.",
    "502": "The provider failed.",
    "503": "The server or a guard is unavailable.",
    "504": "The provider exceeded its time limit.",
}
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "OpenAI's format. Under `/v1/messages`, and for clients of Anthropic, Anthropic's format.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": STRING,
                "type": STRING,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            "required": ["message", "type"],
        },
    },
    "required": ["error"],
}


def page_parameters(*cursors: str) -> list[dict[str, Any]]:
    """Return the query parameters of a list."""
    limit = {"name": "limit", "in": "query", "schema": POSITIVE_INTEGER}
    return [limit, *({"name": cursor, "in": "query", "schema": STRING} for cursor in cursors)]


def build_operation(
    name: str,
    *parameters: dict[str, Any],
    body: dict[str, Any] | None = None,
    request_type: str = "application/json",
    response_type: str = "application/json",
) -> dict[str, Any]:
    """Return an OpenAPI operation."""
    result: dict[str, Any] = {
        "operationId": name,
        "security": [{scheme: []} for scheme in SECURITY_SCHEMES],
        "responses": {
            "200": {"description": "The response.", "content": {response_type: {}}},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS},
        },
    }
    if parameters:
        result["parameters"] = list(parameters)
    if body is not None:
        result["requestBody"] = {"required": True, "content": {request_type: {"schema": body}}}
    return result
