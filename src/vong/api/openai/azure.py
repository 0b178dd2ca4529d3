"""Paths of Azure OpenAI: `/openai/deployments/MODEL/…`, `/openai/v1/…` and `/openai/…`, as paths under `/v1`.

Azure names the model in the path. The query parameter `api-version` is ignored, because there is one version.
"""

import re
from collections.abc import MutableMapping
from typing import Any

AZURE_PREFIX = "/openai/"
DEPLOYMENT_PATTERN = re.compile(r"/openai/deployments/(?P<model>.+?)/(?P<path>chat/completions|completions|embeddings)")
DEPLOYMENT_KEY = "vong.deployment"
"""Key of the scope with the model that the path names."""


def rewrite_azure_scope(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return the scope of a request to a path of Azure as that of the path under `/v1`."""
    path: str = scope["path"]
    if found := DEPLOYMENT_PATTERN.fullmatch(path):
        return _with_path(scope, f"/v1/{found['path']}") | {DEPLOYMENT_KEY: found["model"]}
    return _with_path(scope, f"/v1/{path.removeprefix(AZURE_PREFIX).removeprefix('v1/')}")


def _with_path(scope: MutableMapping[str, Any], path: str) -> dict[str, Any]:
    return {**scope, "path": path, "raw_path": path.encode()}
