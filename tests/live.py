"""Former names of `tests.running_vong`, for tests that still import them."""

from tests.running_vong import RunningVong as Live
from tests.running_vong import eventually
from tests.running_vong import run_vong as live

__all__ = ["Live", "eventually", "live"]
