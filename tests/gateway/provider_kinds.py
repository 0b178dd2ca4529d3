"""Providers of every kind, created as the server creates them: those of plugins, and the one of local deployments."""

from typing import Any

from vong import plugins
from vong.config import ProviderSettings
from vong.gateway.providers.local_deployment import LocalDeploymentProvider
from vong.gateway.providers.replicas import ReplicaBalancer, ReplicaEndpoint
from vong.gateway.upstream.client import UpstreamClient

DEPLOYMENT = "deployment"


def list_kinds() -> set[str]:
    """Return the kinds of all providers."""
    return {*plugins.list_extensions("provider"), DEPLOYMENT}


def create_provider(kind: str, settings: ProviderSettings, upstream: UpstreamClient) -> Any:
    """Create a provider named `subject`. A deployment has one replica, at the base URL of the settings."""
    if kind != DEPLOYMENT:
        return plugins.load_extension("provider", kind)("subject", settings, upstream)
    assert settings.base_url is not None and settings.api_key is not None
    replica = ReplicaEndpoint(settings.base_url, settings.api_key.get_secret_value())
    return LocalDeploymentProvider("subject", [replica], upstream, ReplicaBalancer())
