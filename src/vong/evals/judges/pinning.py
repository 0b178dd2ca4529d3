"""Versions of judges in specifications of scorers, so that a run is repeatable."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from vong.errors import InvalidInput
from vong.evals import specs
from vong.evals.judges.store import find_judge
from vong.evals.specs import ScorerSpec

JUDGE_SCORER = "judge"


def pin_judges(connection: Connection, scorers: Sequence[str | ScorerSpec]) -> list[str | ScorerSpec]:
    """Return specifications of scorers in which judges have their current versions.

    Raises: NotFound if a judge does not exist; InvalidInput if it compares two outputs.
    """
    return [_pin_judge(connection, spec) for spec in scorers]


def _pin_judge(connection: Connection, spec: str | ScorerSpec) -> str | ScorerSpec:
    parsed = specs.parse(specs.to_text(spec))
    name = read_judge_name(parsed.options) if parsed.name == JUDGE_SCORER else None
    if name is None:
        return spec  # of a judge without a name, the scorer says what is missing
    version = find_judge(connection, name)
    if version.definition.form == "pairwise":
        raise InvalidInput(
            f"the judge {version.name!r} compares two outputs and cannot score one",
            "compare two runs with: vong evals judges compare JUDGE A B",
        )
    label = f"{parsed.label}=" if parsed.label != parsed.name else ""
    return f"{label}{JUDGE_SCORER}:name={version.ref}"


def read_judge_name(options: str) -> str | None:
    """Return the option `name` of the scorer `judge`. Returns None if it is missing."""
    if options.lstrip().startswith("{"):
        with suppress(ValueError):
            value: Any = json.loads(options)
            return value.get("name") if isinstance(value, dict) and isinstance(value.get("name"), str) else None
        return None
    option, _, value = options.partition("=")
    return value if option == "name" and value else None
