"""Entry point of `vong`: finds a command and imports its module only when it is called."""

import errno
import os
import sys
from importlib import import_module

import click

from vong import __version__
from vong.errors import InvalidInput, VongError

STAGES = {
    "data": "Import, profile, clean, split and compare datasets.",
    "training": "Train a base model on a dataset.",
    "experiments": "Show training runs and their curves.",
    "evals": "Score models on datasets and compare them.",
    "registry": "Manage model versions, aliases and lineage.",
    "serving": "Deploy local models.",
    "gateway": "Manage routes to all models behind one endpoint.",
    "prompts": "Manage versioned prompts, their labels and branches.",
    "knowledge": "Manage documents, retrieve passages and answer questions with citations.",
    "pipelines": "Run graphs of steps: start, watch, cancel, approve.",
    "traces": "Show recorded calls with the versions behind them.",
    "feedback": "Manage scores and corrections, and harvest them into examples.",
    "access": "Manage projects, users and API keys.",
    "loop": "Run the loop, its releases and canaries.",
}
PROCESSES = {
    "up": "Start everything: PostgreSQL, the server and a worker.",
    "down": "Stop everything.",
    "worker": "Run engines on another machine.",
    "status": "Show running processes, their addresses and resource usage.",
    "doctor": "Check this machine and report the next step for each fault.",
    "info": "Show installed versions, storage and processes of the server.",
    "config": "Show settings and their sources.",
    "rekey": "Replace the encryption key of all stored secrets.",
    "pull": "Write the project's prompts, pipelines, routes and limits to files.",
    "plan": "Show what files would change in the project.",
    "apply": "Apply files to the project in one transaction.",
    "jobs": "Manage jobs: list, logs, cancel, retry.",
    "quickstart": "Run the whole loop once on the samples.",
}
COMMANDS = {**PROCESSES, **STAGES}


class LazyGroup(click.Group):
    """Command group that lists names and help without importing, and imports a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all commands: processes first, then the stages in the order of the loop."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"vong.cli.{cmd_name}").group

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing them."""
        for title, commands in (("Processes", PROCESSES), ("Stages, in the order of the loop", STAGES)):
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="vong")
def vong() -> None:
    """Run one self-hosted server for the whole LLMOps loop."""


def main() -> None:
    """Run a command. Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
    try:
        code = vong.main(standalone_mode=False)
        sys.stdout.flush()
    except VongError as error:
        code = _report(error)
    except OSError as error:
        code = _report_os_error(error)
    except UnicodeDecodeError as error:
        code = _report(InvalidInput(f"a file is not UTF-8: {error}", "save it with the encoding UTF-8"))
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: VongError) -> int:
    click.echo(f"vong: {error.message}", err=True)
    if error.hint:
        click.echo(f"  → {error.hint}", err=True)
    return 1


def _report_os_error(error: OSError) -> int:
    """Report a file or a device that cannot be read or written. A closed pipe, as of `vong … | head`, is not reported.

    The output is replaced, so that Python does not report the pipe again when it exits.
    """
    if error.errno == errno.EPIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    what = f"{error.filename!r}: {error.strerror}" if error.filename else str(error.strerror or error)
    return _report(VongError(f"cannot read or write {what}", "check the path, its permissions and the free space"))


if __name__ == "__main__":
    main()
