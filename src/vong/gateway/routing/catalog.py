"""Model catalog of a project: resolves the `model` of a request to a provider and its model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from vong.errors import NotFound, Unavailable, did_you_mean
from vong.gateway.guards.registry import ConfiguredGuard, GuardFactory, GuardSet
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers import Provider
from vong.gateway.providers.local_deployment import LocalDeploymentProvider
from vong.gateway.providers.replicas import ReplicaBalancer, ReplicaEndpoint
from vong.gateway.routing.store import pick_weighted
from vong.gateway.routing.strategies import RoutingFacts, order_targets
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Route, content_hash
from vong.records.limit import Limit
from vong.records.route import TargetKey
from vong.records.span import SpanVersions

DEPLOYMENT = "deployment"
MODELS_HINT = "vong gateway models"
RETRY_AFTER_SECONDS = 5
"""Retry-After while a deployment starts or its engine restarts."""


class DeploymentEndpoint(NamedTuple):
    """Deployment: the replicas that take calls, the name of the model in calls to them, and versions.

    `wakes` is true if the first call starts a deployment that sleeps, and calls wait while it starts.
    """

    name: str
    state: str
    replicas: tuple[ReplicaEndpoint, ...]
    model: str
    model_version: str | None = None
    dataset_version: str | None = None
    wakes: bool = False


class ResolvedTarget(NamedTuple):
    """Provider and model that answer a call.

    `target` is the name that a caller would use, `model` the provider's own name, `price` the custom price of the
    project. `start_wait_ms` is the time that the call waited for the start of the model.
    """

    provider: Provider
    provider_name: str
    model: str
    target: str
    versions: SpanVersions
    price: ModelPrice | None = None
    start_wait_ms: float = 0.0


class RoutePlan(NamedTuple):
    """Targets of a call in the order in which they are tried.

    More than one target is possible only if a route has a policy or a tree.
    """

    route: Route | None
    targets: tuple[str, ...]


@dataclass
class ModelCatalog:
    """Routes and deployments of one project, and the configured providers.

    `shortcuts` maps additional names to targets (`all-minilm-l6-v2` to the local embedding model). `on_demand` are the
    targets that their first call deploys.
    """

    routes: Mapping[str, Route]
    deployments: Mapping[str, DeploymentEndpoint]
    providers: Mapping[str, Provider]
    shortcuts: Mapping[str, str]
    upstream: UpstreamClient
    limits: Sequence[Limit] = ()
    guards: GuardSet | None = None
    guard_factory: GuardFactory = field(default_factory=GuardFactory)
    prices: Mapping[str, ModelPrice] = field(default_factory=dict[str, ModelPrice])
    on_demand: frozenset[str] = frozenset()
    balancer: ReplicaBalancer = field(default_factory=ReplicaBalancer)
    _resolved_targets: dict[tuple[str, str], ResolvedTarget] = field(
        default_factory=dict[tuple[str, str], ResolvedTarget]
    )

    @cached_property
    def names_prompts(self) -> bool:
        """Return True if a target of a route has a prompt."""
        return any(target.prompt for route in self.routes.values() for target in route.targets)

    def choose_target(self, model: str, random: Callable[[], float]) -> ResolvedTarget:
        """Return the resolved target for `model`: a route's target by weight, or the named target.

        Raises NotFound with the nearest names if the model is unknown.
        """
        plan = self.plan_route(model, random)
        return self.resolve(plan.targets[0], plan.route)

    def plan_route(self, model: str, random: Callable[[], float]) -> RoutePlan:
        """Return the plan for `model`: a route's target by weight and its fallbacks, or the named target."""
        route = self.routes.get(model)
        if route is None:
            return RoutePlan(None, (self.shortcuts.get(model, model),))
        if route.tree is not None:
            return self.plan_targets(route, order_targets(route.tree, RoutingFacts(), random))
        return self.plan_targets(route, [pick_weighted(route, random).model])

    def plan_targets(self, route: Route, targets: Sequence[str]) -> RoutePlan:
        """Return the plan with these targets, then the route's fallbacks. Raises Unavailable if there are none."""
        fallbacks = route.policy.fallbacks if route.policy else ()
        if len(targets) == 1 and not fallbacks:
            return RoutePlan(route, (targets[0],))
        plan_order = tuple(dict.fromkeys((*targets, *fallbacks)))
        if not plan_order:
            hint = f"show the conditions of its targets: vong gateway routes show {route.name}"
            raise Unavailable(f"no target of the route {route.name!r} matches this call", hint)
        return RoutePlan(route, plan_order)

    def resolve(self, target: str, route: Route | None) -> ResolvedTarget:
        """Return the provider and model of a target. Raises NotFound, or Unavailable for a stopped deployment."""
        key = (route.name if route else "", target)
        resolved = self._resolved_targets.get(key)
        if resolved is None:
            resolved = self._resolve(target, route)
            if len(self._resolved_targets) < 1000:
                self._resolved_targets[key] = resolved
        return resolved

    def starts_on_call(self, target: str) -> bool:
        """Return True if a call starts this target: a fine-tuned model without deployment, or a sleeping deployment."""
        provider, _, name = target.partition("/")
        deployment = self.deployments.get(name) if provider == DEPLOYMENT else None
        return target in self.on_demand or (deployment is not None and deployment.wakes)

    def resolve_available(self, plan: RoutePlan) -> list[ResolvedTarget]:
        """Return the targets of a plan that can respond. The others raise their error when they are tried."""
        available: list[ResolvedTarget] = []
        for target in plan.targets:
            try:
                available.append(self.resolve(target, plan.route))
            except (NotFound, Unavailable):
                continue
        return available

    def guards_for(self, model: str) -> tuple[ConfiguredGuard, ...]:
        """Return the guards of calls to a model or route."""
        return self.guards.guards_for(model) if self.guards else ()

    def check_target(self, target: str) -> None:
        """Raise NotFound if the deployment or the provider of a target does not exist."""
        provider, _, name = TargetKey.parse(target).model.partition("/")
        exists = name in self.deployments if provider == DEPLOYMENT else provider in self.providers
        if not name or not exists:
            raise self._unknown_target(target)

    def callable_names(self) -> list[str]:
        """Return the names of routes, deployments and shortcuts. Providers list their own models."""
        return [*self.routes, *(f"{DEPLOYMENT}/{name}" for name in self.deployments), *self.shortcuts]

    def _resolve(self, target: str, route: Route | None) -> ResolvedTarget:
        self.check_target(target)
        if (key := TargetKey.parse(target)).prompt is not None:
            raise NotFound(f"a call of {key.model!r} has no prompt {key.prompt!r}", "send it to an endpoint of chats")
        provider_name, _, model = target.partition("/")
        deployment = self.deployments.get(model) if provider_name == DEPLOYMENT else None
        if deployment:
            if not deployment.replicas:
                hint = f"show its state and log: vong serving show {deployment.name}"
                error = Unavailable(f"the deployment {deployment.name!r} is {deployment.state}", hint)
                if deployment.state not in ("failed", "stopped"):
                    error.retry_after = RETRY_AFTER_SECONDS
                raise error
            provider: Provider = LocalDeploymentProvider(
                deployment.name, deployment.replicas, self.upstream, self.balancer
            )
            model = deployment.model
        else:
            provider = self.providers[provider_name]
        versions = {
            "route": route.name if route else None,
            "route_version": route.version if route else None,
            "deployment": deployment.name if deployment else None,
            "model_version": deployment.model_version if deployment else None,
            "dataset_version": deployment.dataset_version if deployment else None,
        }
        config = content_hash({**versions, "target": target, "address": provider.address})[:12]
        span_versions = SpanVersions(**versions, config_hash=config)
        return ResolvedTarget(provider, provider_name, model, target, span_versions, self.prices.get(target))

    def _unknown_target(self, target: str) -> NotFound:
        if target in self.routes:
            return NotFound(f"{target!r} is a route, not a target", "write deployment/NAME or PROVIDER/MODEL")
        known_names = [*self.callable_names(), *(f"{name}/…" for name in self.providers)]
        provider, _, name = target.partition("/")
        if name and provider == DEPLOYMENT:
            known_names = [f"{DEPLOYMENT}/{deployment}" for deployment in self.deployments]
        elif name and did_you_mean(provider, list(self.providers), "").startswith("did"):
            return NotFound(
                f"no provider named {provider!r}", did_you_mean(provider, list(self.providers), MODELS_HINT)
            )
        return NotFound(f"no model named {target!r}", did_you_mean(target, known_names, MODELS_HINT))
