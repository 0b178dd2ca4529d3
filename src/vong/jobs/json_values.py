"""Values as PostgreSQL's JSON can hold them."""

import math
from datetime import date
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel


def plain(value: Any) -> Any:
    """A value as JSON: records and named tuples become objects or lists, ids, times and paths become text.

    JSON in PostgreSQL has neither NaN nor infinity, which become null, nor the character NUL, which is dropped, nor
    half a surrogate pair, which becomes `?`: a job that worked for hours must not fail on a loss that is not a number.
    TypeError for anything that has no such form.
    """
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):  # and numpy's
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON: {value!r}")


def _text(value: str) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
