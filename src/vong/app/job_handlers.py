"""Registry of job kinds and their handlers. Handlers are named as strings, so that the server never imports them."""

from vong.jobs.config import JobHandler

HANDLERS: dict[str, JobHandler] = {
    "data.import": JobHandler("vong.app.data:import_file"),
    "data.profile": JobHandler("vong.app.data:profile"),
    "data.clean": JobHandler("vong.app.data:clean"),
    "data.split": JobHandler("vong.app.data:split"),
    "evals.run": JobHandler("vong.app.evals:run", isolated=True),
    "gateway.batch": JobHandler("vong.app.batches:run", max_concurrency=2),
    "knowledge.index": JobHandler("vong.app.knowledge:index", isolated=True),
    "loop.run": JobHandler("vong.app.loop_job:run"),
    "registry.import": JobHandler("vong.app.registry:import_base", isolated=True),
    "serving.parity": JobHandler("vong.app.serving:parity", isolated=True),
    "training.run": JobHandler("vong.app.training:train", isolated=True),
}
