"""Registry of job kinds and their handlers. Handlers are named as strings, so that the server never imports them."""

from vong.jobs.config import JobHandler

HANDLERS: dict[str, JobHandler] = {
    "data.import": JobHandler("vong.app.data:import_file"),
    "data.import_knowledge": JobHandler("vong.app.data:import_knowledge"),
    "data.profile": JobHandler("vong.app.data:profile"),
    "data.clean": JobHandler("vong.app.data:clean"),
    "data.split": JobHandler("vong.app.data:split"),
    "evals.calibrate": JobHandler("vong.app.judge_jobs:calibrate", isolated=True),
    "evals.judge_pairs": JobHandler("vong.app.judge_jobs:compare_runs", isolated=True),
    "evals.run": JobHandler("vong.app.evals:run", isolated=True),
    "evals.suite": JobHandler("vong.app.eval_suites:run", isolated=True),
    "evals.tune_judge": JobHandler("vong.app.judge_jobs:tune_judge", isolated=True),
    "gateway.batch": JobHandler("vong.app.batches:run", max_concurrency=2),
    "knowledge.index": JobHandler("vong.app.knowledge:index", isolated=True),
    "loop.policy_run": JobHandler("vong.app.loop_policy_job:run", max_concurrency=4),
    "loop.release": JobHandler("vong.app.releases:run", retries=5, max_concurrency=8),
    "loop.run": JobHandler("vong.app.loop_job:run"),
    "registry.compress": JobHandler("vong.app.model_exports:compress", isolated=True),
    "registry.export": JobHandler("vong.app.model_exports:export", isolated=True),
    "registry.import": JobHandler("vong.app.model_import:import_base", isolated=True),
    "registry.keep": JobHandler("vong.app.model_exports:keep"),
    "registry.verify": JobHandler("vong.app.model_exports:verify"),
    "serving.parity": JobHandler("vong.app.serving_parity:parity", isolated=True),
    "training.fine_tuning": JobHandler("vong.app.fine_tuning_job:run", retries=5, max_concurrency=6),
    "training.provider": JobHandler("vong.app.fine_tuning_provider:run", retries=5, max_concurrency=6),
    "training.probe": JobHandler("vong.app.training_probe:probe", isolated=True, retries=0),
    "training.run": JobHandler("vong.app.training:train", isolated=True, shrinks=True),
}
