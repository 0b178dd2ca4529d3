"""Serving of local models: supervised engine processes, on one or several machines, with adapters and parity checks.

In: a model version and a deployment name. Out: a deployment that serves OpenAI's chat completions after it has passed
the parity check; `list_ready_deployments` returns these for the gateway.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.serving.deployments import deploy, record_parity, restart, stop, wake
from vong.serving.reconciler import stop_all, supervise
from vong.serving.views import get_deployment, list_deployments, list_ready_deployments

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
    "wake",
]
