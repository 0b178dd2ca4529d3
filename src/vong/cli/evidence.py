"""Evidence of canaries and releases as text."""

from typing import Any


def format_difference(evidence: dict[str, Any]) -> str:
    """Format the difference with its interval."""
    if evidence["difference"] is None:
        return "-"
    bounds = f"[{evidence['low']:+.3f}, {evidence['high']:+.3f}]"
    return f"{evidence['difference']:+.3f} {bounds} at {1 - evidence['alpha']:.0%}"
