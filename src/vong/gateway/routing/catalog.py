"""What a project can call, and how the `model` of a request becomes one provider's model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from vong.config import ProviderSettings
from vong.errors import NotFound, Unavailable, nearest
from vong.gateway.guards.registry import ConfiguredGuard, GuardFactory, GuardSet
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers import Provider
from vong.gateway.providers.local_deployment import LocalDeploymentProvider
from vong.gateway.routing.store import choose
from vong.gateway.routing.strategies import RoutingFacts, order
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Route, content_hash
from vong.records.limit import Limit
from vong.records.span import SpanVersions

DEPLOYMENT = "deployment"
LISTING = "vong gateway models"


class DeploymentEndpoint(NamedTuple):
    """A deployment: its engine's URL (None while it has none) and token, the name of its model there, and what made
    that model.
    """

    name: str
    state: str
    url: str | None
    token: str | None
    model: str
    model_version: str | None = None
    dataset_version: str | None = None


class ResolvedTarget(NamedTuple):
    """Who answers a call. `target` is how a caller would write it, `model` the provider's own name, `price` what the
    project says it costs.
    """

    provider: Provider
    system: str
    model: str
    target: str
    versions: SpanVersions
    price: ModelPrice | None = None


class RoutePlan(NamedTuple):
    """What a request's `model` leads to: targets in the order in which they are tried, more than one only where a
    route has a policy or a tree.
    """

    route: Route | None
    targets: tuple[str, ...]


@dataclass
class ModelCatalog:
    """One project's routes and deployments, and the providers of the configuration. `shortcuts` maps further names to
    targets (`all-minilm-l6-v2` to the local embedding model).
    """

    routes: Mapping[str, Route]
    deployments: Mapping[str, DeploymentEndpoint]
    providers: Mapping[str, Provider]
    shortcuts: Mapping[str, str]
    upstream: UpstreamClient
    limits: Sequence[Limit] = ()
    guards: GuardSet | None = None
    makers: GuardFactory = field(default_factory=GuardFactory)
    prices: Mapping[str, ModelPrice] = field(default_factory=dict[str, ModelPrice])
    _choices: dict[tuple[str, str], ResolvedTarget] = field(default_factory=dict[tuple[str, str], ResolvedTarget])

    def choose(self, model: str, random: Callable[[], float]) -> ResolvedTarget:
        """Who answers a request for `model`: a route's target by its weights, or the one that is named. NotFound with
        the nearest names where there is none.
        """
        way = self.way(model, random)
        return self.resolve(way.targets[0], way.route)

    def way(self, model: str, random: Callable[[], float]) -> RoutePlan:
        """A route's target, chosen by weight, with its fallbacks behind it; or the one that is named."""
        route = self.routes.get(model)
        if route is None:
            return RoutePlan(None, (self.shortcuts.get(model, model),))
        if route.tree is not None:
            return self.along(route, order(route.tree, RoutingFacts(), random))
        return self.along(route, [choose(route, random).model])

    def along(self, route: Route, targets: Sequence[str]) -> RoutePlan:
        """Those targets of a route, with its fallbacks behind them. Unavailable where there are none."""
        fallbacks = route.policy.fallbacks if route.policy else ()
        if len(targets) == 1 and not fallbacks:
            return RoutePlan(route, (targets[0],))
        found = tuple(dict.fromkeys((*targets, *fallbacks)))
        if not found:
            hint = f"see their conditions with: vong gateway route show {route.name}"
            raise Unavailable(f"no target of the route {route.name!r} takes a call like this one", hint)
        return RoutePlan(route, found)

    def resolve(self, target: str, route: Route | None) -> ResolvedTarget:
        """Who answers for a target. NotFound, or Unavailable for a deployment that does not run."""
        key = (route.name if route else "", target)
        choice = self._choices.get(key)
        if choice is None:
            choice = self._resolve(target, route)
            if len(self._choices) < 1000:
                self._choices[key] = choice
        return choice

    def posts(self, model: str) -> tuple[ConfiguredGuard, ...]:
        """Who stands guard over calls to that model or route."""
        return self.guards.of(model) if self.guards else ()

    def check(self, target: str) -> None:
        """NotFound where nothing answers to that target: a deployment that is not there, a provider not configured."""
        provider, _, name = target.partition("/")
        known = name in self.deployments if provider == DEPLOYMENT else provider in self.providers
        if not name or not known:
            raise self._unknown(target)

    def names(self) -> list[str]:
        """Routes, then deployments, then shortcuts. Providers list their models themselves."""
        return [*self.routes, *(f"{DEPLOYMENT}/{name}" for name in self.deployments), *self.shortcuts]

    def _resolve(self, target: str, route: Route | None) -> ResolvedTarget:
        self.check(target)
        provider_name, _, model = target.partition("/")
        deployed = self.deployments.get(model) if provider_name == DEPLOYMENT else None
        if deployed:
            if deployed.url is None:
                hint = f"see its state and log with: vong serving show {deployed.name}"
                raise Unavailable(f"the deployment {deployed.name!r} is {deployed.state}", hint)
            settings = ProviderSettings.model_validate(
                {"kind": DEPLOYMENT, "base_url": deployed.url, "api_key": deployed.token, "timeout": 600.0}
            )
            provider: Provider = LocalDeploymentProvider(deployed.name, settings, self.upstream)
            model = deployed.model
        else:
            provider = self.providers[provider_name]
        versions = {
            "route": route.name if route else None,
            "route_version": route.version if route else None,
            "deployment": deployed.name if deployed else None,
            "model_version": deployed.model_version if deployed else None,
            "dataset_version": deployed.dataset_version if deployed else None,
        }
        config = content_hash({**versions, "target": target, "address": provider.address})[:12]
        made = SpanVersions(**versions, config_hash=config)
        return ResolvedTarget(provider, provider_name, model, target, made, self.prices.get(target))

    def _unknown(self, target: str) -> NotFound:
        known = [*self.names(), *(f"{name}/…" for name in self.providers)]
        provider, _, name = target.partition("/")
        if name and provider == DEPLOYMENT:
            known = [f"{DEPLOYMENT}/{deployed}" for deployed in self.deployments]
        elif name and nearest(provider, list(self.providers), "").startswith("did"):
            return NotFound(f"no provider named {provider!r}", nearest(provider, list(self.providers), LISTING))
        return NotFound(f"no model named {target!r}", nearest(target, known, LISTING))
