"""Routes, guards and limits as project files."""

from typing import Any, ClassVar

from pydantic import Field

from vong import gateway
from vong.app import gated_changes
from vong.app.gated_changes import RouteChange
from vong.app.gateway import target_check
from vong.app.guard_secrets import encrypt_guards, encrypt_policy
from vong.app.project_files.kinds import FilesContext, Values, name_of, validate_values
from vong.errors import InvalidInput
from vong.gateway.guards import store as guard_store
from vong.gateway.limits import store as limit_store
from vong.records import Record, RoutePolicy, RouteTarget
from vong.records.guard import MAX_GUARDS, GuardConfig
from vong.records.limit import LimitCreate
from vong.records.routing_tree import RouteNode
from vong.yaml_text import dump_yaml


class RouteFile(Record):
    """Route: its targets or its tree, and its policy."""

    targets: tuple[RouteTarget, ...] = ()
    policy: RoutePolicy | None = None
    tree: RouteNode | None = None


class GuardsFile(Record):
    """Guards of all calls of the project, in the order in which they check."""

    guards: tuple[GuardConfig, ...] = Field(default=(), max_length=MAX_GUARDS)


class LimitsFile(Record):
    """Limits and budgets of the project."""

    limits: tuple[LimitCreate, ...] = ()


class RouteKind:
    """Files `routes/NAME.yaml`."""

    folder: ClassVar[str] = "routes"
    is_single: ClassVar[bool] = False
    owner_only: ClassVar[bool] = False

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the routes of the project by key."""
        found: dict[str, Values] = {}
        for route in gateway.list_routes(context.connection):
            targets = () if route.tree else route.targets
            file = RouteFile(targets=targets, policy=route.policy, tree=route.tree)
            found[f"{self.folder}/{route.name}"] = _dump_route(file)
        return found

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file. Raises InvalidInput if it is invalid."""
        del key
        file: RouteFile = validate_values(RouteFile, values)
        if bool(file.targets) == (file.tree is not None):
            raise InvalidInput("a route needs either targets or a tree", "set one of them")
        return _dump_route(file)

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Set the route if its gate passes."""
        name, file = name_of(key), RouteFile.model_validate(values)
        policy = file.policy
        if policy is not None:  # an update that omits the guards would keep the old ones
            policy = policy.model_copy(update={"guards": policy.guards})
            policy = encrypt_policy(context.platform, context.connection, name, policy)
        check = target_check(context.platform, context.principal.project_id, context.connection)
        change = RouteChange(file.targets, policy, file.tree, context.reason)
        blobs = context.platform.blobs
        gated_changes.set_route(context.connection, blobs, context.caller, name, change, check)

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete the route. Its history is kept."""
        gateway.delete_route(context.connection, name_of(key))

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file."""
        return ".yaml", dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file."""
        return RouteFile.model_json_schema()


class GuardsKind:
    """File `guards.yaml`. Secrets of guards are written encrypted."""

    folder: ClassVar[str] = "guards"
    is_single: ClassVar[bool] = True
    owner_only: ClassVar[bool] = True

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the guards of the project, if it has any."""
        guards = guard_store.project_guards(context.connection).guards
        return {self.folder: _dump(GuardsFile(guards=guards))} if guards else {}

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of the file. Raises InvalidInput if it is invalid."""
        del key
        return _dump(validate_values(GuardsFile, values))

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Set the guards of the project."""
        del key
        guards = GuardsFile.model_validate(values).guards
        stored = guard_store.project_guards(context.connection).guards
        encrypted = encrypt_guards(context.platform, context.connection, guards, stored)
        guard_store.set_guards(context.connection, encrypted)

    def delete(self, context: FilesContext, key: str) -> None:
        """Remove the guards of the project."""
        del key
        guard_store.set_guards(context.connection, ())

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of the file."""
        return ".yaml", dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the file."""
        return GuardsFile.model_json_schema()


class LimitsKind:
    """File `limits.yaml`."""

    folder: ClassVar[str] = "limits"
    is_single: ClassVar[bool] = True
    owner_only: ClassVar[bool] = True

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the limits of the project, if it has any."""
        limits = limit_store.list_limits(context.connection)
        fields = set(LimitCreate.model_fields)
        file = LimitsFile(limits=tuple(LimitCreate(**one.model_dump(include=fields)) for one in limits))
        return {self.folder: _dump_limits(file)} if limits else {}

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of the file. Raises InvalidInput if it is invalid."""
        del key
        file: LimitsFile = validate_values(LimitsFile, values)
        seen: set[tuple[str, ...]] = set()
        for one in file.limits:
            if _limit_key(one) in seen:
                raise InvalidInput(f"two limits have the same subject, metric and window: {_describe(one)}", "keep one")
            seen.add(_limit_key(one))
        return _dump_limits(file)

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Set the limits of the file, and delete all others."""
        del key
        wanted = LimitsFile.model_validate(values).limits
        kept = {_limit_key(one) for one in wanted}
        for limit in limit_store.list_limits(context.connection):
            if _limit_key(limit) not in kept:
                limit_store.delete_limit(context.connection, limit.id)
        for one in wanted:
            limit_store.set_limit(context.connection, one)

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete all limits of the project."""
        self.apply(context, key, {"limits": []})

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of the file."""
        return ".yaml", dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the file."""
        return LimitsFile.model_json_schema()


def _dump(file: Record) -> Values:
    return file.model_dump(mode="json", exclude_defaults=True)


def _dump_route(file: RouteFile) -> Values:
    """Return a route without defaults. A policy without settings is kept, because it is not the same as none."""
    values = _dump(file)
    if file.policy is not None:
        values.setdefault("policy", {})
    return values


def _dump_limits(file: LimitsFile) -> Values:
    return _dump(LimitsFile(limits=tuple(sorted(file.limits, key=_limit_key))))


def _limit_key(limit: LimitCreate) -> tuple[str, ...]:
    return limit.subject_type, limit.subject, limit.metric, limit.window


def _describe(limit: LimitCreate) -> str:
    return " ".join(_limit_key(limit))
