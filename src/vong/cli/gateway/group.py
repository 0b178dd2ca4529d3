"""`vong gateway`: every model behind one endpoint. Each file beside this one adds its commands to the group."""

import click


@click.group()
def group() -> None:
    """Routes to every model behind one endpoint."""
