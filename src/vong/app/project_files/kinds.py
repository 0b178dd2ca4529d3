"""Interface of the kinds of objects that project files contain."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from vong.access import Principal
from vong.app.gates import GateCaller
from vong.app.platform import Platform
from vong.errors import InvalidInput

Values = dict[str, Any]
"""Content of one file as JSON values."""


@dataclass(frozen=True, slots=True)
class FilesContext:
    """Transaction in which files are compared or applied, on behalf of `principal`. `reason` may override gates."""

    platform: Platform
    connection: Connection
    principal: Principal
    reason: str | None = None
    applied: set[str] = field(default_factory=set)
    """Keys of the files that were applied."""

    @property
    def caller(self) -> GateCaller:
        """Return the caller of gated changes."""
        return GateCaller.from_principal(self.principal)


class FileKind(Protocol):
    """Kind of object. Each object is one file, whose key is its path without the ending: `routes/support`."""

    folder: ClassVar[str]
    """Folder of the files, or the name of the only file."""
    is_single: ClassVar[bool]
    owner_only: ClassVar[bool]
    """True if only owners may change objects of this kind."""

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the objects of the project by key, in the form of `normalize`."""
        ...

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file without defaults. Raises InvalidInput if it is invalid."""
        ...

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Create or change the object."""
        ...

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete the object."""
        ...

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file, for editors."""
        ...


def name_of(key: str) -> str:
    """Return the name of the object with this key."""
    return key.partition("/")[2]


def validate_values(model: type[BaseModel], values: Any) -> Any:
    """Return the values as that model.

    Raises: InvalidInput with the field of the first fault.
    """
    if not isinstance(values, dict):
        raise InvalidInput("the file contains no object", "write NAME: VALUE lines")
    try:
        return model.model_validate_json(_to_json(values))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        path = ".".join(map(str, fault["loc"])) or "file"
        message = fault["msg"].removeprefix("Value error, ")
        hint = f"fields: {', '.join(model.model_fields)}"
        raise InvalidInput(f"{path}: {message[:1].lower() + message[1:]}", hint) from None


def _to_json(values: Any) -> str:
    import json

    try:
        return json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"the file contains a value that JSON has not: {error}", "write texts in quotes") from None
