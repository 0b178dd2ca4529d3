"""Commands of `vong pipelines`."""

import click

from vong.cli.params import Group
from vong.cli.pipelines_imports import COMMANDS as IMPORT_COMMANDS
from vong.cli.pipelines_publications import COMMANDS as PUBLICATION_COMMANDS
from vong.cli.pipelines_replays import COMMANDS as REPLAY_COMMANDS
from vong.cli.pipelines_runs import COMMANDS as RUN_COMMANDS
from vong.cli.pipelines_versions import COMMANDS as VERSION_COMMANDS


@click.group(cls=Group)
def group() -> None:
    """Run graphs of steps: start, watch, cancel, approve."""


for command in (*RUN_COMMANDS, *VERSION_COMMANDS, *REPLAY_COMMANDS, *PUBLICATION_COMMANDS, *IMPORT_COMMANDS):
    group.add_command(command)
