"""The composition root: settings become a platform, and here alone stages are wired to one another."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vong.app.platform import Platform

__all__ = ["Platform"]


def __getattr__(name: str) -> Any:
    """`Platform`, imported when it is first asked for: the supervisor lives in this package and needs none of it."""
    if name != "Platform":
        raise AttributeError(name)
    from vong.app.platform import Platform

    return Platform
