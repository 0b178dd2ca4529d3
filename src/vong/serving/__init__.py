"""Serve local models: one engine process for each base model, adapters loaded beside it, looked after and checked.

In: a model version and a name to serve it under. Out: a deployment that answers OpenAI's chat completions on loopback
once it has shown that it computes what its trainer computed; `ready` lists those for the gateway.
"""

from vong.serving.deployments import (
    DeployResult,
    deploy,
    find,
    list_deployments,
    ready,
    record_parity,
    restart,
    stop,
)
from vong.serving.reconciler import stop_all, supervise

__all__ = [
    "DeployResult",
    "deploy",
    "find",
    "list_deployments",
    "ready",
    "record_parity",
    "restart",
    "stop",
    "stop_all",
    "supervise",
]
