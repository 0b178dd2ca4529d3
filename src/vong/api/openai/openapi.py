"""OpenAPI description of the paths under `/v1`.

Only the fields that Vong itself reads are listed. All other fields of OpenAI's and Anthropic's bodies are passed
through or translated, so the bodies are open.
"""

from typing import Any

from vong.api.openai.openapi_operations import (
    ERROR_SCHEMA,
    ERRORS,
    ID_PARAMETER,
    MODEL_PARAMETER,
    POSITIVE_INTEGER,
    SECURITY_SCHEMES,
    STRING,
    build_operation,
    page_parameters,
)
from vong.api.openai.vector_stores.openapi import vector_store_paths
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.gateway.providers.base import MediaOperation

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
PROMPT: dict[str, Any] = {
    "type": "object",
    "description": "A stored prompt. It may name the model, and its messages precede those of the request.",
    "properties": {"id": STRING, "version": STRING, "variables": {"type": "object"}},
    "additionalProperties": False,
}
CONVERSATION_FIELDS: dict[str, Any] = {**COMMON_FIELDS, "tools": {"type": "array", "items": TOOL}, "prompt": PROMPT}
TOKEN_IDS: dict[str, Any] = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
DOCUMENT: dict[str, Any] = {"type": "object", "properties": {"text": STRING}, "required": ["text"]}
TEXTS_OR_TOKEN_IDS: dict[str, Any] = {
    "anyOf": [
        STRING,
        {"type": "array", "items": STRING, "minItems": 1},
        TOKEN_IDS,
        {"type": "array", "items": TOKEN_IDS, "minItems": 1},
    ]
}
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
    "completions": (
        {**COMMON_FIELDS, "prompt": TEXTS_OR_TOKEN_IDS, "max_tokens": {"type": "integer", "minimum": 0}},
        ["model", "prompt"],
    ),
    "embeddings": (
        {
            "model": STRING,
            "input": TEXTS_OR_TOKEN_IDS,
            "dimensions": POSITIVE_INTEGER,
            "encoding_format": {"type": "string", "enum": ["float", "base64"]},
        },
        ["model", "input"],
    ),
    "rerank": (
        {
            "model": STRING,
            "query": STRING,
            "documents": {"type": "array", "items": {"anyOf": [STRING, DOCUMENT]}, "minItems": 1},
            "top_n": POSITIVE_INTEGER,
            "return_documents": {"type": "boolean"},
        },
        ["model", "query", "documents"],
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
    "rerank": "create_rerank",
    "messages": "create_message",
    "responses": "create_response",
}


def _media_form(file: str) -> dict[str, Any]:
    """Return the schema of a form with a file."""
    properties = {"model": STRING, file: {"type": "string", "format": "binary"}, "prompt": STRING}
    return {"type": "object", "properties": properties, "required": ["model", file]}


SPEECH_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"model": STRING, "input": STRING, "voice": {}, "response_format": STRING},
    "required": ["model", "input"],
}
IMAGE_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"model": STRING, "prompt": STRING, "n": POSITIVE_INTEGER, "size": STRING},
    "required": ["model", "prompt"],
}
MEDIA_OPERATIONS: dict[MediaOperation, tuple[dict[str, Any], str, str]] = {
    "audio/speech": (SPEECH_BODY, "application/json", "audio/*"),
    "audio/transcriptions": (_media_form("file"), "multipart/form-data", "application/json"),
    "audio/translations": (_media_form("file"), "multipart/form-data", "application/json"),
    "images/generations": (IMAGE_BODY, "application/json", "application/json"),
    "images/edits": (_media_form("image"), "multipart/form-data", "application/json"),
    "images/variations": (_media_form("image"), "multipart/form-data", "application/json"),
}
"""Bodies, and content types of requests and responses, of the operations on audio and images."""
FILE_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "purpose": {"type": "string", "enum": ["batch", "fine-tune", "assistants", "user_data"]},
    },
    "required": ["file", "purpose"],
}
BATCH_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "input_file_id": STRING,
        "endpoint": {"type": "string", "enum": sorted(ENDPOINT_PATHS)},
        "completion_window": {"type": "string", "default": "24h"},
        "metadata": {"type": ["object", "null"], "additionalProperties": STRING},
    },
    "required": ["input_file_id", "endpoint"],
}
FINE_TUNING_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "model": STRING,
        "training_file": STRING,
        **{name: {"type": ["string", "null"]} for name in ("validation_file", "suffix")},
        **{name: {"type": ["object", "null"]} for name in ("method", "hyperparameters", "metadata", "settings")},
        "seed": {"type": ["integer", "null"]},
        "integrations": {"type": ["array", "null"], "items": {"type": "object"}},
    },
    "required": ["model", "training_file"],
}
MESSAGE_BATCH_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "requests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"custom_id": STRING, "params": {"type": "object"}},
                "required": ["custom_id", "params"],
            },
        }
    },
    "required": ["requests"],
}
MODERATION_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"input": {"anyOf": [STRING, {"type": "array", "items": STRING, "minItems": 1}]}, "model": STRING},
    "required": ["input"],
}


def _call_paths() -> dict[str, Any]:
    """Return the paths that call models or count tokens."""
    paths: dict[str, Any] = {}
    for path, endpoint in ENDPOINT_PATHS.items():
        properties, required = BODIES[endpoint]
        body = {"type": "object", "properties": properties, "required": required}
        paths[path] = {"post": build_operation(OPERATION_IDS[endpoint], body=body)}
    for path, endpoint, name in (
        ("/v1/messages/count_tokens", "messages", "count_message_tokens"),
        ("/v1/responses/input_tokens", "responses", "count_response_input_tokens"),
    ):
        properties, required = BODIES[endpoint]
        body = {"type": "object", "properties": properties, "required": required[:2]}
        paths[path] = {"post": build_operation(name, body=body)}
    for operation, (body, request_type, response_type) in MEDIA_OPERATIONS.items():
        name = "_".join(["create", *operation.split("/")])
        operation_object = build_operation(name, body=body, request_type=request_type, response_type=response_type)
        paths[f"/v1/{operation}"] = {"post": operation_object}
    paths["/v1/moderations"] = {"post": build_operation("create_moderation", body=MODERATION_BODY)}
    return paths


def _object_paths() -> dict[str, Any]:
    """Return the paths of models and of stored responses, files and batches."""
    jsonl, binary, form = "application/x-jsonl", "application/octet-stream", "multipart/form-data"
    messages = "/v1/messages/batches"
    return {
        "/v1/models": {"get": build_operation("list_models")},
        "/v1/models/{model}": {
            "get": build_operation("get_model", MODEL_PARAMETER),
            "delete": build_operation("delete_model", MODEL_PARAMETER),
        },
        "/v1/responses/{id}": {
            "get": build_operation("get_response", ID_PARAMETER),
            "delete": build_operation("delete_response", ID_PARAMETER),
        },
        "/v1/responses/{id}/input_items": {
            "get": build_operation("list_response_input_items", ID_PARAMETER, *page_parameters("after", "order"))
        },
        "/v1/files": {
            "get": build_operation("list_files", *page_parameters("after", "order", "purpose")),
            "post": build_operation("upload_file", body=FILE_FORM, request_type=form),
        },
        "/v1/files/{id}": {
            "get": build_operation("get_file", ID_PARAMETER),
            "delete": build_operation("delete_file", ID_PARAMETER),
        },
        "/v1/files/{id}/content": {"get": build_operation("get_file_content", ID_PARAMETER, response_type=binary)},
        "/v1/batches": {
            "get": build_operation("list_batches", *page_parameters("after")),
            "post": build_operation("create_batch", body=BATCH_BODY),
        },
        "/v1/batches/{id}": {"get": build_operation("get_batch", ID_PARAMETER)},
        "/v1/batches/{id}/cancel": {"post": build_operation("cancel_batch", ID_PARAMETER)},
        **_fine_tuning_paths(),
        **vector_store_paths(),
        messages: {
            "get": build_operation("list_message_batches", *page_parameters("after_id", "before_id")),
            "post": build_operation("create_message_batch", body=MESSAGE_BATCH_BODY),
        },
        f"{messages}/{{id}}": {
            "get": build_operation("get_message_batch", ID_PARAMETER),
            "delete": build_operation("delete_message_batch", ID_PARAMETER),
        },
        f"{messages}/{{id}}/cancel": {"post": build_operation("cancel_message_batch", ID_PARAMETER)},
        f"{messages}/{{id}}/results": {
            "get": build_operation("get_message_batch_results", ID_PARAMETER, response_type=jsonl)
        },
    }


def _fine_tuning_paths() -> dict[str, Any]:
    root = "/v1/fine_tuning/jobs"
    return {
        root: {
            "get": build_operation("list_fine_tuning_jobs", *page_parameters("after")),
            "post": build_operation("create_fine_tuning_job", body=FINE_TUNING_BODY),
        },
        f"{root}/{{id}}": {"get": build_operation("get_fine_tuning_job", ID_PARAMETER)},
        **{
            f"{root}/{{id}}/{name}": {
                "get": build_operation(f"list_fine_tuning_{name}", ID_PARAMETER, *page_parameters("after"))
            }
            for name in ("events", "checkpoints")
        },
        **{
            f"{root}/{{id}}/{name}": {"post": build_operation(f"{name}_fine_tuning_job", ID_PARAMETER)}
            for name in ("cancel", "pause", "resume")
        },
    }


def build_openapi() -> dict[str, Any]:
    """Return the OpenAPI document."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    errors = {status: {"description": text, "content": content} for status, text in ERRORS.items()}
    components = {"securitySchemes": SECURITY_SCHEMES, "schemas": {"Error": ERROR_SCHEMA}, "responses": errors}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vong, model calls", "version": "1"},
        "paths": {**_call_paths(), **_object_paths()},
        "components": components,
    }
