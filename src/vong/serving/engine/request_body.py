"""Bodies of requests to an engine, parsed into pydantic models."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from vong.errors import InvalidInput

FieldsT = TypeVar("FieldsT", bound=BaseModel)


def parse_body(kind: type[FieldsT], body: bytes, hint: str) -> FieldsT:
    """Parse a request body, a JSON object in which null means the same as a missing field.

    Raises: InvalidInput, with `hint`, if a field is missing or has an invalid value.
    """
    try:
        decoded = from_json(body)
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", "send a JSON object") from error
    if not isinstance(decoded, dict):
        raise InvalidInput("the body is not a JSON object", "send a JSON object")
    try:
        return kind.model_validate({name: value for name, value in decoded.items() if value is not None})
    except ValidationError as error:
        detail = error.errors()[0]
        location = ".".join(str(part) for part in detail["loc"])
        raise InvalidInput(f"{location}: {detail['msg']}" if location else detail["msg"], hint) from error
