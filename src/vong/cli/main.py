"""The entry of `vong`: finds the group of commands and imports it only when it is called."""

import sys
from importlib import import_module

import click

from vong import __version__
from vong.errors import VongError

STAGES = {
    "data": "Import, profile, clean, split and compare datasets.",
    "training": "Teach a base model from a dataset.",
    "experiments": "Training runs and their curves.",
    "evals": "Score models on datasets and compare them.",
    "registry": "Model versions, aliases and lineage.",
    "serving": "Deployments of local models.",
    "gateway": "Routes to every model behind one endpoint.",
    "knowledge": "Documents, retrieval and answers with citations.",
    "traces": "What was asked and answered, with the versions behind it.",
    "feedback": "Scores and corrections, and the examples they make.",
    "access": "Projects, users and API keys.",
    "loop": "Whole turns of the loop and their canaries.",
}
PROCESSES = {
    "up": "Start everything: PostgreSQL, the server and a worker.",
    "down": "Stop everything.",
    "status": "What runs, where, and how much it uses.",
    "doctor": "Check this machine and say the next step for each fault.",
    "config": "Show each setting and where it came from.",
    "jobs": "Durable jobs: list, follow, cancel.",
    "quickstart": "Run one whole turn of the loop on the samples.",
}
COMMANDS = {**PROCESSES, **STAGES}


class LazyGroup(click.Group):
    """A group that knows its commands' names and help, and imports a command's file when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, processes first, then the stages in the order of the loop."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"vong.cli.{cmd_name}").group

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        for title, commands in (("Processes", PROCESSES), ("Stages, in the order of the loop", STAGES)):
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="vong")
def vong() -> None:
    """One self-hosted server for the whole LLMOps loop."""


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    try:
        code = vong.main(standalone_mode=False)
    except VongError as error:
        click.echo(f"vong: {error.message}", err=True)
        if error.hint:
            click.echo(f"  → {error.hint}", err=True)
        code = 1
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
