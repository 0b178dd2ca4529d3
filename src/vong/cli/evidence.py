"""Evidence of canaries and releases as text, and evidence in files."""

import json
from pathlib import Path
from typing import Any

import click


def format_difference(evidence: dict[str, Any]) -> str:
    """Format the difference with its interval."""
    if evidence["difference"] is None:
        return "-"
    bounds = f"[{evidence['low']:+.3f}, {evidence['high']:+.3f}]"
    return f"{evidence['difference']:+.3f} {bounds} at {1 - evidence['alpha']:.0%}"


def read_evidence(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises: BadParameter if the file contains something else.
    """
    try:
        evidence = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{str(file)!r} is not valid JSON: {error}") from None
    if not isinstance(evidence, dict):
        raise click.BadParameter(f"{str(file)!r} contains no JSON object; write for example an evaluation")
    return evidence
