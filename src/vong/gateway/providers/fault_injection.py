"""Provider `faults/NAME`, which fails as upstreams fail: tests applications and Vong.

The model name is the fault, and its options follow: `faults/stall?after=3`. The call uses a real connection to a server
of this process on loopback (`fault_server`), so that the network fails and not a simulation of it. The data before and
after the fault is the answer of `echo`. `faults/status-429?retry_after=2` responds with any status.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

from vong.config import ProviderSettings
from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse
from vong.gateway.providers.fault_server import FaultServer, get_fault_server
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.upstream.client import UpstreamClient

STATUS_PATTERN = re.compile(r"status-([45]\d\d)")


class InjectedFault(NamedTuple):
    """Failure of an upstream, and the options that configure it."""

    description: str
    options: tuple[str, ...] = ()


FAULTS = {
    "ok": InjectedFault("a normal response"),
    "refused": InjectedFault("connection refused"),
    "slow-connect": InjectedFault("the connection is never established"),
    "reset": InjectedFault("the connection is reset after the request was read"),
    "slow-headers": InjectedFault("no data for `seconds` (30), then the response", ("seconds",)),
    "slow-body": InjectedFault("the response in 20 pieces over `seconds` (30)", ("seconds",)),
    "stall": InjectedFault("half of the response, or `after` words (1) of a stream, then no further data", ("after",)),
    "drop": InjectedFault("as `stall`, and then the connection is closed", ("after",)),
    "malformed-json": InjectedFault("invalid JSON; in a stream after `after` words (1)", ("after",)),
    "truncated-json": InjectedFault("truncated JSON; in a stream after `after` words (1)", ("after",)),
    "invalid-utf8": InjectedFault("invalid UTF-8; in a stream after `after` words (1)", ("after",)),
    "enormous-body": InjectedFault("endless body; in a stream an endless event after `after` words (1)", ("after",)),
    "wrong-content-type": InjectedFault("a web page with the status 200"),
    "flaky": InjectedFault("the status 503 for every `every`th (3rd) call", ("every",)),
    "status": InjectedFault(
        "`status-CODE`: an error with that status; `retry_after` is its Retry-After in seconds", ("retry_after",)
    ),
}
MAX_OPTION_VALUES = {"seconds": 600.0, "after": 1000.0, "every": 1000.0, "retry_after": 86400.0}


class FaultProvider:
    """Test provider for fault injection: fails as upstreams fail."""

    address = "faults"
    endpoints = COMMON_ENDPOINTS
    is_for_tests = True
    """Models are not offered to clients that list models."""

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        self._name = name
        self._settings = settings
        self._upstream = upstream
        self._apis: dict[str, OpenAIProvider] = {}

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Call the fault server with the real client."""
        check_fault(request.model)
        addresses: dict[str, Callable[[FaultServer], str]] = {
            "refused": lambda server: server.refusing_url,
            "slow-connect": lambda server: server.unanswering_url,
        }
        fault = request.model if request.model in addresses else "ok"
        api = self._apis.get(fault)
        if api is None:
            base_url = addresses.get(fault, lambda server: server.url)(get_fault_server())
            settings = self._settings.model_copy(update={"base_url": base_url})
            api = self._apis[fault] = OpenAIProvider(self._name, settings, self._upstream)
        return await api.call(request)

    async def list_models(self) -> list[str]:
        """Return the names of the faults, without options."""
        return sorted(name if name != "status" else "status-500" for name in FAULTS)


def check_fault(model: str) -> None:
    """Check the name and options of a fault.

    Raises: NotFound if the fault is unknown, InvalidInput if it does not have an option.
    """
    name, _, query = model.partition("?")
    fault_name = "status" if STATUS_PATTERN.fullmatch(name) else name
    fault = FAULTS.get(fault_name)
    if fault is None or name == "status":
        known = [known for known in FAULTS if known != "status"]
        raise NotFound(f"no fault named {name!r}", did_you_mean(name, [*known, "status-500"], "vong gateway models"))
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in fault.options:
            hint = f"its options are: {', '.join(fault.options)}" if fault.options else "it has no options"
            raise InvalidInput(f"the fault {name!r} has no option {option!r}", hint)
        if not re.fullmatch(r"\d{1,5}(\.\d{1,3})?", value) or float(value) > MAX_OPTION_VALUES[option]:
            hint = f"set a number from 0 to {MAX_OPTION_VALUES[option]:g}"
            raise InvalidInput(f"invalid value {value!r} of the option {option!r} of the fault {name!r}", hint)
