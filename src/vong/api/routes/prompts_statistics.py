"""Route of the statistics of prompt versions."""

from datetime import datetime

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser
from vong.app.prompts import statistics
from vong.app.prompts.statistics import PromptStatistics

routes = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])


@routes.get("/{name}/statistics")
def get_statistics(
    name: str, context: CurrentUser, since: datetime | None = None, until: datetime | None = None
) -> PromptStatistics:
    """Return calls, users, tokens, cost, latency, errors and scores of each version, in total and by day.

    The default are the last 30 days.
    """
    with context.project_transaction() as connection:
        return statistics.measure(connection, name, since, until)
