"""Selection of test files, distribution of tests over processes, and their order.

Tests of one file run in one process, because they share servers and models. So do the fast tests of files that train
models, because the import of the libraries takes 11 seconds of CPU time. The slowest files start first. Otherwise one
process would run the last slow file while all others are idle.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

LOOP_RUN_FILES = (
    "tests/loop/test_run.py",
    "tests/web/test_journey.py",
    "tests/web/test_pages.py",
    "tests/web/test_pipelines.py",
)
"""Files that use the fixture `finished_loop`. They run in one process, so that the loop runs once."""
TRAINING_FOLDER = "tests/training/"
"""Folder whose fast tests run in one process, so that the libraries are imported once."""
SLOW_FILES = (
    *LOOP_RUN_FILES,
    "tests/training/test_job.py",
    "tests/serving/test_end_to_end.py",
    "tests/serving/test_reconciler.py",
    "tests/jobs/test_worker.py",
    "tests/app/test_up.py",
    "tests/app/test_database_outage.py",
    "tests/samples/test_samples.py",
    "tests/docs/test_code_blocks.py",
    "tests/gateway/batch/test_batches.py",
    "tests/gateway/test_fault_table.py",
)
"""Files that take about a minute or more. All other files follow in any order."""


SLOW_MODULE = re.compile(r"^pytestmark = \[?pytest\.mark\.slow\b", re.MULTILINE)
"""Mark of a file with slow tests only."""


def is_deselected(file: Path, mark_expression: str) -> bool:
    """Return True if all tests of a file are slow and slow tests are not selected.

    Such a file is not imported, because several load a library for a second in every test process.
    """
    if file.suffix != ".py" or "not slow" not in mark_expression:
        return False
    return SLOW_MODULE.search(file.read_text(encoding="utf-8")) is not None


class FileScheduling(LoadScopeScheduling):
    """Scheduler that assigns one file at a time to each process, in collection order."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in LOOP_RUN_FILES:
            return "loop run"
        fast = "not slow" in str(self.config.getoption("markexpr"))
        return "training" if fast and file.startswith(TRAINING_FOLDER) else file


def create_scheduler(config: pytest.Config, log: object) -> FileScheduling | None:
    """Return the scheduler for `--dist loadfile`. Return None for any other mode."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return FileScheduling(config, log)  # pyright: ignore[reportArgumentType]


def slowest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which they start."""
    positions = {file: position for position, file in enumerate(SLOW_FILES)}
    return sorted(items, key=lambda item: positions.get(item.nodeid.partition("::")[0], len(positions)))
