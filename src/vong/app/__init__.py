"""The composition root: settings become a platform, and here alone stages are wired to one another."""

from vong.app.platform import Platform

__all__ = ["Platform"]
