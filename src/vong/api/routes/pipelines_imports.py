"""Routes of pipeline templates and imports. Part of the pipelines API."""

from fastapi import APIRouter
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app.pipelines import imports, runnables, template_needs
from vong.app.pipelines.imports import ImportedPipeline
from vong.app.pipelines.runnables import RunnableDetails, RunnableSummary
from vong.app.pipelines.template_needs import TemplateDetails
from vong.pipelines.dify.document import MAX_EXPORT_BYTES
from vong.pipelines.dify.report import DifyOptions
from vong.pipelines.templates import TemplateSummary, list_templates
from vong.records import Record

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])


class DifyExport(Record):
    """Text of a Dify export (DSL), and how to import it.

    `models` and `bases` map names of models (`PROVIDER/NAME`) and ids of data sets to names of this server; `model` is
    used for all other models. With `store`, the pipeline is stored as the next version of `name`.
    """

    text: str = Field(min_length=1, max_length=MAX_EXPORT_BYTES)
    name: str | None = Field(default=None, min_length=1, max_length=63)
    model: str | None = Field(default=None, min_length=1, max_length=300)
    models: dict[str, str] = {}
    bases: dict[str, str] = {}
    store: bool = False


@routes.get("/templates")
def list_pipeline_templates(context: CurrentUser) -> list[TemplateSummary]:
    """List the templates of pipelines."""
    del context
    return list_templates()


@routes.get("/templates/{template}")
def get_pipeline_template(template: str, context: CurrentUser, model: str | None = None) -> TemplateDetails:
    """Return the definition of a template and what it needs here. `model` replaces its model."""
    with context.project_transaction() as connection:
        return template_needs.describe_template(connection, template, model)


@routes.post("/import-dify")
def import_dify(body: DifyExport, context: CurrentUser) -> ImportedPipeline:
    """Convert a Dify export to a pipeline, and list what became of each node."""
    options = DifyOptions(models=body.models, model=body.model, bases=body.bases, name=body.name)
    with context.project_transaction() as connection:
        return imports.import_dify(
            connection,
            body.text,
            options,
            store=body.store,
            created_by=context.principal.actor,
        )


@routes.get("/runnables")
async def list_runnables(context: CurrentUser) -> list[RunnableSummary]:
    """List the objects of the Python files in the folder `apps` of the server. Requires the role owner."""
    context.require_role()
    return await runnables.list_runnables(context.platform)


@routes.get("/runnables/{function}")
async def get_runnable(function: str, context: CurrentUser) -> RunnableDetails:
    """Return the pipeline that calls one object, `MODULE:ATTRIBUTE`. Requires the role owner."""
    context.require_role()
    return await runnables.describe_runnable(context.platform, function)
