"""Commands of `vong jobs`."""

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Group
from vong.client import Client
from vong.records import Job

JOB_COLUMNS = ["id", "kind", "status", "attempts", "created_at", "finished_at"]


@click.group(cls=Group)
def group() -> None:
    """Manage jobs: list, logs, cancel, retry."""


@group.command("list")
@click.option("--status", type=click.Choice(["queued", "running", "finished", "failed", "cancelled"]))
@click.option("--kind", help="Only jobs of this kind, such as training.run.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_jobs(status: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    jobs = Client().jobs.list(status=status, kind=kind, limit=limit)  # pyright: ignore[reportArgumentType]
    emit(jobs, as_json, JOB_COLUMNS)


@group.command()
@click.argument("job_id", type=click.UUID)
@json_option
def show(job_id: str, as_json: bool) -> None:
    """Show a job."""
    emit(Client().jobs.get(job_id), as_json)


@group.command()
@click.argument("job_id", type=click.UUID)
@click.option("--follow", "follows", is_flag=True, help="Show progress and log until the job ends, then its result.")
@click.option("--after", type=click.IntRange(0), default=0, help="Only lines after this number; not with --follow.")
@json_option
def logs(job_id: str, follows: bool, after: int, as_json: bool) -> None:
    """Show a job's log so far, or follow the job to its end. Ctrl-C stops following but not the job."""
    client = Client()
    if follows:
        from vong.cli.job_progress import follow

        show_result(follow(client, client.jobs.get(job_id)), as_json)
        return
    lines = client.jobs.logs(job_id, after=after)
    if as_json:
        emit(list(lines), True)
        return
    for line in lines:
        click.echo(f"{line.created_at:%Y-%m-%d %H:%M:%S}  {line.line}")


@group.command()
@click.argument("job_id", type=click.UUID)
@json_option
def cancel(job_id: str, as_json: bool) -> None:
    """Cancel a job, including the processes that it has started."""
    emit(Client().jobs.cancel(job_id), as_json, JOB_COLUMNS)


@group.command()
@click.argument("job_id", type=click.UUID)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def retry(job_id: str, detach: bool, as_json: bool) -> None:
    """Queue a failed or cancelled job again; its finished steps are kept."""
    from vong.cli.job_progress import follow

    client = Client()
    job = client.jobs.retry(job_id)
    show_result(job if detach else follow(client, job), as_json)


def show_result(job: Job, as_json: bool) -> None:
    """Print the result of a followed job, or the job if it has no result."""
    emit(job if as_json or not job.result else job.result, as_json)
