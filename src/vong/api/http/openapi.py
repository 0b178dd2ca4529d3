"""OpenAPI description of the REST API: its operations with the ways to authenticate and the errors."""

from typing import Any

from fastapi import FastAPI

SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of Vong."},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key of Vong."},
    "session": {"type": "apiKey", "in": "cookie", "name": "vong_session", "description": "A session of the console."},
}
PUBLIC_OPERATIONS = frozenset(("access_sign_in", "health_get_health", "health_get_metrics"))
"""Operations that need no credentials."""
ERRORS: dict[str, str] = {
    "401": "The credentials are missing, unknown, expired or revoked.",
    "403": "The caller may not do this.",
    "404": "There is no such object or path.",
    "409": "The object exists already, or its state does not allow this.",
    "422": "The request is invalid.",
    "429": "There were too many attempts. `Retry-After` has the seconds to wait.",
    "500": "The server failed.",
    "503": "The database does not answer, or the server is not ready.",
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Error as a problem document (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable code of the error."},
        "fault": {"type": "string", "enum": ["caller", "configuration", "upstream", "ours"]},
        "detail": {"type": "string", "description": "What failed."},
        "hint": {"type": "string", "description": "The next step."},
    },
    "required": ["type", "title", "status", "code", "fault", "detail", "hint"],
}
REPLACED_SCHEMAS = ("HTTPValidationError", "ValidationError")
"""Schemas of FastAPI's own errors, which no route returns."""


def install_openapi(app: FastAPI) -> None:
    """Let an application describe its operations with security and errors."""
    create = app.openapi

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(create())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = describe


def complete(schema: dict[str, Any]) -> None:
    """Add security and errors to every operation of a description."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    components["responses"] = {status: {"description": text, "content": content} for status, text in ERRORS.items()}
    schemas = components.setdefault("schemas", {})
    for name in REPLACED_SCHEMAS:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            is_public = operation["operationId"] in PUBLIC_OPERATIONS
            operation["security"] = [] if is_public else [{scheme: []} for scheme in SECURITY_SCHEMES]
            responses = operation["responses"]
            responses.pop("422", None)  # FastAPI's own format
            for status in _error_statuses(method, is_public):
                responses.setdefault(status, {"$ref": f"#/components/responses/{status}"})


def _error_statuses(method: str, is_public: bool) -> list[str]:
    if is_public:
        return ["401", "403", "422", "429", "500", "503"] if method == "post" else ["500", "503"]
    return ["401", "403", "404", *(["409"] if method != "get" else []), "422", "500", "503"]
