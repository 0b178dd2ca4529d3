"""Commands of `vong training fine-tuning`: the jobs of OpenAI's fine-tuning API."""

import json
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import FilePath, Group
from vong.client import Client

COLUMNS = ["id", "status", "model", "fine_tuned_model", "trained_tokens"]
JSONL_FILE = FilePath(exists=True, dir_okay=False, path_type=Path)


@click.group("fine-tuning", cls=Group)
def fine_tuning() -> None:
    """Manage fine-tuning jobs, which OpenAI clients create too."""


@fine_tuning.command()
@click.argument("file", type=JSONL_FILE)
@click.option("--model", required=True, help="Base model of the registry, or PROVIDER/MODEL.")
@click.option("--validation", type=JSONL_FILE, help="JSONL file of validation rows.")
@click.option("--method", type=click.Choice(["supervised", "dpo"]), default="supervised", show_default=True)
@click.option("--epochs", type=click.IntRange(1, 100), help="Passes over the rows.")
@click.option("--suffix", help="Part of the name of the model.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def start(
    file: Path,
    model: str,
    validation: Path | None,
    method: str,
    epochs: int | None,
    suffix: str | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Upload a JSONL FILE in OpenAI's format, fine-tune a model on it, and follow the job."""
    client = Client().fine_tuning
    hyperparameters = {} if epochs is None else {"n_epochs": epochs}
    chosen = {"type": method, method: {"hyperparameters": hyperparameters}}
    job = client.start(file, model, validation=validation, method=chosen, suffix=suffix)
    if not detach:
        job = client.wait(job["id"], lambda event: print_message(event["message"]))
    _show(job, as_json)
    if job["status"] in ("failed", "cancelled"):
        raise click.exceptions.Exit(1)


@fine_tuning.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_option
def list_jobs(limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    emit(Client().fine_tuning.list(limit=limit), as_json, COLUMNS)


@fine_tuning.command()
@click.argument("id")
@json_option
def show(id: str, as_json: bool) -> None:
    """Show a job."""
    _show(Client().fine_tuning.get(id), as_json)


@fine_tuning.command()
@click.argument("id")
@json_option
def events(id: str, as_json: bool) -> None:
    """List the events of a job, oldest first."""
    emit(Client().fine_tuning.events(id), as_json, ["created_at", "level", "message"])


@fine_tuning.command()
@click.argument("id")
@json_option
def checkpoints(id: str, as_json: bool) -> None:
    """List the checkpoints of a job, oldest first."""
    emit(Client().fine_tuning.checkpoints(id), as_json, ["step_number", "fine_tuned_model_checkpoint"])


@fine_tuning.command()
@click.argument("id")
@json_option
def cancel(id: str, as_json: bool) -> None:
    """Cancel a job, here and at its provider."""
    _show(Client().fine_tuning.cancel(id), as_json)


@fine_tuning.command()
@click.argument("id")
@json_option
def pause(id: str, as_json: bool) -> None:
    """Pause a job at its newest checkpoint."""
    _show(Client().fine_tuning.pause(id), as_json)


@fine_tuning.command()
@click.argument("id")
@json_option
def resume(id: str, as_json: bool) -> None:
    """Resume a paused job."""
    _show(Client().fine_tuning.resume(id), as_json)


def _show(job: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(job, True)
        return
    error = job["error"] and job["error"]["message"]
    row = {name: job[name] for name in COLUMNS}
    emit({**row, "error": error, "hyperparameters": json.dumps(job["hyperparameters"])}, False)
