"""Every kind of job and the function that does it. Functions are named, not imported: the server never loads them."""

from vong.jobs.config import Handler

HANDLERS: dict[str, Handler] = {
    "data.import": Handler("vong.app.data:import_file"),
    "data.profile": Handler("vong.app.data:profile"),
    "data.clean": Handler("vong.app.data:clean"),
    "data.split": Handler("vong.app.data:split"),
    "evals.run": Handler("vong.app.evals:run", heavy=True),
    "gateway.batch": Handler("vong.app.batches:run", most=2),
    "knowledge.index": Handler("vong.app.knowledge:index", heavy=True),
    "loop.turn": Handler("vong.app.loop_job:run"),
    "registry.import": Handler("vong.app.registry:import_base", heavy=True),
    "serving.parity": Handler("vong.app.serving:parity", heavy=True),
    "training.run": Handler("vong.app.training:train", heavy=True),
}
