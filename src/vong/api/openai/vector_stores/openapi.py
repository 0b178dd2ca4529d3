"""OpenAPI description of `/v1/vector_stores`. Only the fields that are read are listed."""

from typing import Any

from vong.api.openai.openapi_operations import (
    ID_PARAMETER,
    POSITIVE_INTEGER,
    STRING,
    build_operation,
    page_parameters,
)

FILE_PARAMETER: dict[str, Any] = {**ID_PARAMETER, "name": "file"}
BATCH_PARAMETER: dict[str, Any] = {**ID_PARAMETER, "name": "batch"}
OPTIONAL_OBJECT: dict[str, Any] = {"type": ["object", "null"]}
FILE_IDS: dict[str, Any] = {"type": "array", "items": STRING}
OBJECTS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
STORE_FIELDS: dict[str, Any] = {
    "name": {"type": ["string", "null"]},
    "metadata": OPTIONAL_OBJECT,
    "expires_after": OPTIONAL_OBJECT,
}
FILE_FIELDS: dict[str, Any] = {"attributes": OPTIONAL_OBJECT, "chunking_strategy": OPTIONAL_OBJECT}
SEARCH_FIELDS: dict[str, Any] = {
    "query": {"anyOf": [STRING, {"type": "array", "items": STRING, "minItems": 1}]},
    "max_num_results": POSITIVE_INTEGER,
    "filters": OPTIONAL_OBJECT,
    "ranking_options": OPTIONAL_OBJECT,
    "rewrite_query": {"type": "boolean"},
}


def vector_store_paths() -> dict[str, Any]:
    """Return the paths of vector stores, their files and their file batches."""
    root = "/v1/vector_stores"
    store, file, batch = f"{root}/{{id}}", f"{root}/{{id}}/files/{{file}}", f"{root}/{{id}}/file_batches/{{batch}}"
    pages = page_parameters("after", "before", "order")
    files = page_parameters("after", "before", "order", "filter")
    return {
        root: {
            "get": build_operation("list_vector_stores", *pages),
            "post": build_operation("create_vector_store", body=_body({**STORE_FIELDS, "file_ids": FILE_IDS})),
        },
        store: {
            "get": build_operation("get_vector_store", ID_PARAMETER),
            "post": build_operation("update_vector_store", ID_PARAMETER, body=_body(STORE_FIELDS)),
            "delete": build_operation("delete_vector_store", ID_PARAMETER),
        },
        f"{store}/search": {
            "post": build_operation("search_vector_store", ID_PARAMETER, body=_body(SEARCH_FIELDS, "query"))
        },
        f"{store}/files": {
            "get": build_operation("list_vector_store_files", ID_PARAMETER, *files),
            "post": build_operation(
                "add_vector_store_file", ID_PARAMETER, body=_body({"file_id": STRING, **FILE_FIELDS}, "file_id")
            ),
        },
        file: {
            "get": build_operation("get_vector_store_file", ID_PARAMETER, FILE_PARAMETER),
            "post": build_operation(
                "update_vector_store_file",
                ID_PARAMETER,
                FILE_PARAMETER,
                body=_body({"attributes": OPTIONAL_OBJECT}, "attributes"),
            ),
            "delete": build_operation("remove_vector_store_file", ID_PARAMETER, FILE_PARAMETER),
        },
        f"{file}/content": {"get": build_operation("get_vector_store_file_content", ID_PARAMETER, FILE_PARAMETER)},
        f"{store}/file_batches": {
            "post": build_operation(
                "create_vector_store_file_batch",
                ID_PARAMETER,
                body=_body({"file_ids": FILE_IDS, "files": OBJECTS, **FILE_FIELDS}),
            )
        },
        batch: {"get": build_operation("get_vector_store_file_batch", ID_PARAMETER, BATCH_PARAMETER)},
        f"{batch}/cancel": {"post": build_operation("cancel_vector_store_file_batch", ID_PARAMETER, BATCH_PARAMETER)},
        f"{batch}/files": {
            "get": build_operation("list_vector_store_file_batch_files", ID_PARAMETER, BATCH_PARAMETER, *files)
        },
    }


def _body(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}
