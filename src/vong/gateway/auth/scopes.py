"""Scope of a key: patterns that the model name of a request must match."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from vong.errors import OutOfScope
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.providers import Endpoint
from vong.records.key_scope import KeyScope

FINE_TUNING = "fine_tuning"
"""Name of the fine-tuning API in the endpoints of a scope."""


def check_scope(principal: GatewayPrincipal, endpoint: Endpoint | Literal["fine_tuning"], model: str) -> None:
    """Raise OutOfScope, with the allowed models or endpoints, if the key may not make this call."""
    scope = principal.scope
    if scope is None:
        return
    check_endpoint(principal, endpoint)
    if not may_call(scope, model):
        message = f"the key {principal.actor!r} may not call {model!r}"
        raise OutOfScope(message, f"models in its scope: {join_names(scope.models)}")


def check_endpoint(principal: GatewayPrincipal, endpoint: Endpoint | Literal["fine_tuning"]) -> None:
    """Raise OutOfScope if the key may not use the endpoint."""
    scope = principal.scope
    if scope is not None and scope.endpoints and endpoint not in scope.endpoints:
        message = f"the key {principal.actor!r} may not use the endpoint {endpoint!r}"
        raise OutOfScope(message, f"endpoints in its scope: {join_names(scope.endpoints)}")


def may_call(scope: KeyScope | None, model: str) -> bool:
    """Return True if a model name is in the scope."""
    return scope is None or not scope.models or _compile_pattern(scope.models).fullmatch(model) is not None


def join_names(names: Iterable[str]) -> str:
    """Join names for a message."""
    return ", ".join(names)


@lru_cache(maxsize=4096)
def _compile_pattern(models: tuple[str, ...]) -> re.Pattern[str]:
    """Return one compiled pattern for all models; `*` matches any text."""
    return re.compile("|".join(re.escape(model).replace(r"\*", ".*") for model in models), re.DOTALL)
