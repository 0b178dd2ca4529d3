"""Routes of publications of pipelines, of their schedules and of their webhooks."""

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from vong.api.http.dependencies import CurrentUser
from vong.api.openai.requests import limit_body
from vong.app.pipelines import publication as publication_app
from vong.app.pipelines import schedules as schedules_app
from vong.app.pipelines import webhooks as webhooks_app
from vong.app.pipelines.publication import PublicationDetails, PublishRequest
from vong.app.pipelines.webhooks import StartedRun
from vong.pipelines import publications, schedules, webhooks
from vong.pipelines.publications import Publication
from vong.pipelines.schedules import Schedule, ScheduleCreate, ScheduleUpdate
from vong.pipelines.webhooks import Delivery, NewWebhook, Webhook, WebhookCreate

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])


@routes.get("/publications")
def list_publications(context: CurrentUser) -> list[PublicationDetails]:
    """List the published pipelines with their addresses, by name."""
    with context.project_transaction() as connection:
        found = publications.list_publications(connection)
    return [publication_app.describe(context.platform, context.principal.project_id, one) for one in found]


@routes.get("/{name}/publication")
def get_publication(name: str, context: CurrentUser) -> PublicationDetails:
    """Return the publication of a pipeline with its addresses."""
    with context.project_transaction() as connection:
        found = publications.get_publication(connection, name)
    return publication_app.describe(context.platform, context.principal.project_id, found)


@routes.put("/{name}/publication")
def publish(name: str, request: PublishRequest, context: CurrentUser) -> PublicationDetails:
    """Publish a pipeline as a model, a tool and a chat page, or replace the settings of its publication."""
    return publication_app.publish(context.platform, context.principal, name, request)


@routes.delete("/{name}/publication")
def unpublish(name: str, context: CurrentUser) -> Publication:
    """Withdraw a pipeline from `/v1`, `/mcp` and its chat page. Its conversations are kept until they expire."""
    return publication_app.unpublish(context.platform, context.principal, name)


@routes.get("/{name}/schedules")
def list_schedules(name: str, context: CurrentUser) -> list[Schedule]:
    """List the schedules of a pipeline with their next runs."""
    with context.project_transaction() as connection:
        return schedules.list_schedules(connection, name)


@routes.post("/{name}/schedules", status_code=201)
def create_schedule(name: str, body: ScheduleCreate, context: CurrentUser) -> Schedule:
    """Create a schedule: five cron fields in a time zone. Its runs call models on behalf of the caller."""
    return schedules_app.add_schedule(context.platform, context.principal, name, body)


@routes.patch("/{name}/schedules/{schedule}")
def update_schedule(name: str, schedule: str, body: ScheduleUpdate, context: CurrentUser) -> Schedule:
    """Change, pause or resume a schedule. Times that passed while it was paused are not run later."""
    with context.project_transaction() as connection:
        if body.settings is not None:
            schedules_app.check_settings(connection, name, body.settings)
        return schedules.update_schedule(connection, name, schedule, body)


@routes.delete("/{name}/schedules/{schedule}", status_code=204)
def delete_schedule(name: str, schedule: str, context: CurrentUser) -> None:
    """Delete a schedule. Its runs are kept."""
    with context.project_transaction() as connection:
        schedules.delete_schedule(connection, name, schedule)


@routes.get("/{name}/webhooks")
def list_webhooks(name: str, context: CurrentUser) -> list[Webhook]:
    """List the webhooks of a pipeline, without their tokens and secrets."""
    with context.project_transaction() as connection:
        return webhooks.list_webhooks(connection, name)


@routes.post("/{name}/webhooks", status_code=201)
def create_webhook(name: str, body: WebhookCreate, context: CurrentUser) -> NewWebhook:
    """Create a webhook. Its address and its secret are returned once and cannot be shown again."""
    return webhooks_app.create_webhook(context.platform, context.principal, name, body)


@routes.get("/{name}/webhooks/{webhook}/deliveries")
def list_deliveries(name: str, webhook: str, context: CurrentUser) -> list[Delivery]:
    """List the results that a webhook sends or has sent, newest first."""
    with context.project_transaction() as connection:
        return webhooks.list_deliveries(connection, webhooks.get_webhook(connection, name, webhook).id)


@routes.delete("/{name}/webhooks/{webhook}", status_code=204)
def delete_webhook(name: str, webhook: str, context: CurrentUser) -> None:
    """Delete a webhook. Its address stops to start runs at once."""
    with context.project_transaction() as connection:
        webhooks.delete_webhook(connection, name, webhook)


@routes.post("/hooks/{token}", status_code=202)
async def receive_message(token: str, request: Request) -> StartedRun:
    """Start a run with a signed message. The token in the address and the signature are the credentials."""
    body = await limit_body(request, webhooks_app.MAX_BODY_BYTES).body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return await run_sync(webhooks_app.receive_message, request.app.state.platform, token, headers, body)
