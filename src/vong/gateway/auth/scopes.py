"""What a key may call: the patterns of its scope against the name that a request names."""

import re
from collections.abc import Iterable
from functools import lru_cache

from vong.errors import OutOfScope
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.providers import Shape
from vong.records.key_scope import KeyScope


def check(principal: GatewayPrincipal, shape: Shape, model: str) -> None:
    """OutOfScope, which says what the key may call, where it may not call that model in that shape."""
    scope = principal.scope
    if scope is None:
        return
    check_shape(principal, shape)
    if not may_call(scope, model):
        raise OutOfScope(f"the key {principal.actor!r} may not call {model!r}", f"it may call: {told(scope.models)}")


def check_shape(principal: GatewayPrincipal, shape: Shape) -> None:
    """OutOfScope where the key may not call in that shape."""
    scope = principal.scope
    if scope is not None and scope.shapes and shape not in scope.shapes:
        message = f"the key {principal.actor!r} may not call in the shape {shape!r}"
        raise OutOfScope(message, f"it may call in: {told(scope.shapes)}")


def may_call(scope: KeyScope | None, model: str) -> bool:
    """Whether a name is within a scope."""
    return scope is None or not scope.models or _pattern(scope.models).fullmatch(model) is not None


def told(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names)


@lru_cache(maxsize=4096)
def _pattern(models: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all; `*` stands for any text."""
    return re.compile("|".join(re.escape(model).replace(r"\*", ".*") for model in models), re.DOTALL)
