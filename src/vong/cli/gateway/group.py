"""Command group `vong gateway`. Each module beside this one adds its commands."""

import click


@click.group()
def group() -> None:
    """Manage routes to all models behind one endpoint."""
