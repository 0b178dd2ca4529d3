"""Clear errors for failed writes of checkpoints and weights."""

import contextlib
import errno
import shutil
from collections.abc import Generator
from pathlib import Path

from vong.errors import Misconfigured, VongError
from vong.training.runs import checkpoints

WRITE_ERROR_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Errors of the operating system that mean that a file cannot grow."""

WRITE_ERROR_MESSAGES = (
    "no space left",
    "quota exceeded",
    "file too large",
    "failed writing file",
    "file write failed",
    "pytorchstreamwriter",
    "unexpected pos",
)
"""Parts of messages with which torch and safetensors report such an error, in lower case."""


@contextlib.contextmanager
def explain_failures(folder: Path) -> Generator[None]:
    """Replace an error about a full disk by a clear one, and remove the incomplete files.

    Earlier checkpoints stay complete, because a checkpoint is written to a new folder.

    Raises:
        Misconfigured: The disk is full, or a file exceeds the allowed size.
    """
    try:
        yield
    except VongError:
        raise
    except Exception as error:
        if not is_write_error(error):
            raise
        checkpoints.remove_incomplete(folder)
        newest = checkpoints.latest_checkpoint(folder)
        kept = f"{newest[0].name} is complete" if newest else "there is no complete checkpoint yet"
        free = shutil.disk_usage(folder).free / 1e9
        raise Misconfigured(
            f"a checkpoint could not be written to {str(folder)!r} ({free:.1f} GB free): {_first_line(error)}; {kept}",
            "free some space, then continue the run with: vong training resume RUN",
        ) from error


def is_write_error(error: BaseException) -> bool:
    """Check if an error, or one that caused it, means that a file could not be written."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in WRITE_ERROR_NUMBERS:
            return True
        if any(part in str(cause).lower() for part in WRITE_ERROR_MESSAGES):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
