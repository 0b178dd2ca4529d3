"""Composition root: builds the platform from settings and connects the stages.

May import every stage package. Only `api`, `cli` and entry points import it; no stage does.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vong.app.platform import Platform

__all__ = ["Platform"]


def __getattr__(name: str) -> Any:
    """Return `Platform`, imported on first access, because the supervisor in this package does not need it."""
    if name != "Platform":
        raise AttributeError(name)
    from vong.app.platform import Platform

    return Platform
