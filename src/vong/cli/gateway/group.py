"""Command group `vong gateway`. Each module beside this one adds its commands."""

import click

from vong.cli.params import Group


@click.group(cls=Group)
def group() -> None:
    """Manage routes to all models behind one endpoint."""
