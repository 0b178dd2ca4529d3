"""Routes of project files: read all, plan and apply."""

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.app.project_files import planning, registry
from vong.app.project_files.kinds import FilesContext
from vong.app.project_files.records import FilesPlan, FilesRequest, ProjectFiles

routes = APIRouter(prefix="/api/v1/project-files", tags=["project_files"])


@routes.get("")
def get_project_files(context: CurrentUser) -> ProjectFiles:
    """Return the prompts, pipelines, eval suites, routes, guards, limits and gate policies of the project as files."""
    with context.project_transaction() as connection:
        return registry.export_files(FilesContext(context.platform, connection, context.principal))


@routes.post("/plan")
def plan_project_files(body: FilesRequest, context: CurrentUser) -> FilesPlan:
    """Return what files would change in the project: creations, changes, removals and problems. Nothing is changed."""
    with context.project_transaction() as connection:
        files = FilesContext(context.platform, connection, context.principal, body.reason)
        return planning.make_plan(files, body)


@routes.post("/apply")
def apply_project_files(body: FilesRequest, context: CurrentUser) -> FilesPlan:
    """Apply files to the project in one transaction. If a file has a problem, nothing is applied."""
    with context.project_transaction() as connection:
        files = FilesContext(context.platform, connection, context.principal, body.reason)
        plan = planning.apply_plan(files, body)
    _apply_routes(context)
    return plan


def _apply_routes(context: RequestContext) -> None:
    """Let the gateway of this server load the routes, guards and limits again."""
    if context.platform.gateway is not None:
        context.platform.gateway.on_change(context.principal.project_id)
