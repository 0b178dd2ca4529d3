"""Serving of local models: one supervised engine process per base model, with adapters and parity checks.

In: a model version and a deployment name. Out: a deployment that serves OpenAI's chat completions on loopback after it
has passed the parity check; `list_ready_deployments` returns these for the gateway.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.serving.deployments import (
    deploy,
    get_deployment,
    list_deployments,
    list_ready_deployments,
    record_parity,
    restart,
    stop,
)
from vong.serving.reconciler import stop_all, supervise

__all__ = [
    "deploy",
    "get_deployment",
    "list_deployments",
    "list_ready_deployments",
    "record_parity",
    "restart",
    "stop",
    "stop_all",
    "supervise",
]
