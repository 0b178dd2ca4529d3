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
VECTOR_STORES = "vector_stores"
"""Name of the vector stores and of the MCP server in the endpoints of a scope."""
StoredApi = Literal["fine_tuning", "vector_stores"]


def check_scope(principal: GatewayPrincipal, endpoint: Endpoint | StoredApi, model: str) -> None:
    """Raise OutOfScope, with the allowed models or endpoints, if the key may not make this call."""
    scope = principal.scope
    if scope is None:
        return
    check_endpoint(principal, endpoint)
    if not may_call(scope, model):
        message = f"the key {principal.actor!r} may not call {model!r}"
        raise OutOfScope(message, f"models in its scope: {join_names(scope.models)}")


def check_endpoint(principal: GatewayPrincipal, endpoint: Endpoint | StoredApi) -> None:
    """Raise OutOfScope if the key may not use the endpoint."""
    scope = principal.scope
    if scope is not None and scope.endpoints and endpoint not in scope.endpoints:
        message = f"the key {principal.actor!r} may not use the endpoint {endpoint!r}"
        raise OutOfScope(message, f"endpoints in its scope: {join_names(scope.endpoints)}")


def check_base(principal: GatewayPrincipal, base: str) -> None:
    """Raise OutOfScope, with the allowed knowledge bases, if the key may not use a knowledge base."""
    if not may_use_base(principal.scope, base):
        allowed = principal.scope.bases if principal.scope else ()
        hint = f"knowledge bases in its scope: {join_names(allowed) or 'none'}"
        raise OutOfScope(f"the key {principal.actor!r} may not use the knowledge base {base!r}", hint)


def may_use_base(scope: KeyScope | None, base: str) -> bool:
    """Return True if a knowledge base is in the scope.

    A scope without bases contains all of them if it lists the endpoint `vector_stores`, so that keys of older versions
    gain no access.
    """
    if scope is None:
        return True
    if scope.bases:
        return _compile_pattern(scope.bases).fullmatch(base) is not None
    return VECTOR_STORES in scope.endpoints


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
