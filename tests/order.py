"""Which tests run in one process, and which begin first, where several processes share them.

The tests of a file stay together, for they share servers and models. What takes longest begins first: a process that
took it last would be alone with it at the end.
"""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

LOOP_RUN = ("tests/loop/test_run.py", "tests/web/test_journey.py", "tests/web/test_pages.py")
"""The files that want a Vong with a finished loop run: together they make one."""
LONGEST = (
    *LOOP_RUN,
    "tests/training/test_job.py",
    "tests/serving/test_serve.py",
    "tests/serving/test_supervise.py",
    "tests/jobs/test_worker.py",
    "tests/app/test_up.py",
    "tests/app/test_away.py",
    "tests/samples/test_samples.py",
    "tests/docs/test_blocks.py",
    "tests/gateway/test_batches.py",
    "tests/gateway/test_fault_table.py",
)
"""Those that take most of a minute or more. Any other may begin when it likes."""


class ByFile(LoadScopeScheduling):
    """Gives each process a file at a time, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "loop run" if file in LOOP_RUN else file


def scheduler(config: pytest.Config, log: object) -> ByFile | None:
    """The one for `--dist loadfile`; None for any other."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)  # pyright: ignore[reportArgumentType]


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests in the order in which they begin."""
    places = {file: place for place, file in enumerate(LONGEST)}
    return sorted(items, key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))
