"""Conversion of Python values to JSON that PostgreSQL can store."""

import math
from datetime import date
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel


def to_jsonb_safe(value: Any) -> Any:
    """Convert a value to JSON types: records to objects, named tuples to lists, ids, times and paths to text.

    PostgreSQL's JSON cannot store NaN, infinity, the character NUL and unpaired surrogates. NaN and infinity become
    null, NUL is removed and an unpaired surrogate becomes `?`, so that a job does not fail after hours because a loss
    is NaN.

    Raises:
        TypeError: the value has no JSON form.
    """
    if isinstance(value, BaseModel):
        return to_jsonb_safe(value.model_dump(mode="json"))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):  # including numpy's
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, dict):
        return {_storable_text(str(key)): to_jsonb_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_jsonb_safe(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be converted to JSON: {value!r}")


def _storable_text(value: str) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
