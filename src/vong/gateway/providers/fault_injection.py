"""`faults/NAME` fails as upstreams fail: to test an application with, and Vong.

The model's name says the fault, its options follow: `faults/stall?after=3`. The call goes over a real connection, to a
server of this process on loopback (`faulty`), so that what fails is the network, not a pretence of it. What comes
before the fault, and after it, is the answer of `echo`. `faults/status-429?retry_after=2` answers with any status.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

from vong.config import ProviderSettings
from vong.errors import InvalidInput, NotFound, nearest
from vong.gateway.providers.base import OPENAI, Ask, Reply
from vong.gateway.providers.fault_server import Faulty, faulty
from vong.gateway.providers.openai import OpenAI
from vong.gateway.upstream.client import Upstream

STATUS = re.compile(r"status-([45]\d\d)")


class Fault(NamedTuple):
    """What an upstream does wrong, and the options that say how."""

    does: str
    options: tuple[str, ...] = ()


FAULTS = {
    "ok": Fault("answers as it should"),
    "refused": Fault("nobody listens"),
    "slow-connect": Fault("the connection never comes about"),
    "reset": Fault("the connection is reset once the request was read"),
    "slow-headers": Fault("nothing for `seconds` (30), then the answer", ("seconds",)),
    "slow-body": Fault("the answer in 20 pieces over `seconds` (30)", ("seconds",)),
    "stall": Fault("half of the answer, of a stream `after` words (1), then nothing more", ("after",)),
    "drop": Fault("the same, and the connection is closed", ("after",)),
    "malformed-json": Fault("JSON that is none; in a stream after `after` words (1)", ("after",)),
    "truncated-json": Fault("JSON that breaks off; in a stream after `after` words (1)", ("after",)),
    "invalid-utf8": Fault("bytes that are no UTF-8; in a stream after `after` words (1)", ("after",)),
    "enormous-body": Fault("an answer without end; in a stream an event, after `after` words (1)", ("after",)),
    "wrong-content-type": Fault("a web page with status 200"),
    "flaky": Fault("every `every`th (3rd) call is answered with the status 503", ("every",)),
    "status": Fault("`status-CODE`: an error with that status; `retry_after` seconds are named", ("retry_after",)),
}
BOUNDS = {"seconds": 600.0, "after": 1000.0, "every": 1000.0, "retry_after": 86400.0}


class Faults:
    """The provider whose every failure is meant."""

    address = "faults"
    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: Upstream) -> None:
        self._name = name
        self._settings = settings
        self._upstream = upstream
        self._apis: dict[str, OpenAI] = {}

    async def call(self, ask: Ask) -> Reply:
        """Call the faulty server with the real client."""
        check(ask.model)
        addresses: dict[str, Callable[[Faulty], str]] = {
            "refused": lambda server: server.refusing,
            "slow-connect": lambda server: server.unanswering,
        }
        fault = ask.model if ask.model in addresses else "ok"
        api = self._apis.get(fault)
        if api is None:
            base_url = addresses.get(fault, lambda server: server.url)(faulty())
            settings = self._settings.model_copy(update={"base_url": base_url})
            api = self._apis[fault] = OpenAI(self._name, settings, self._upstream)
        return await api.call(ask)

    async def models(self) -> list[str]:
        """The faults, without options."""
        return sorted(name if name != "status" else "status-500" for name in FAULTS)


def check(model: str) -> None:
    """NotFound for a fault that is not known, InvalidInput for an option that it does not have."""
    name, _, query = model.partition("?")
    kind = "status" if STATUS.fullmatch(name) else name
    fault = FAULTS.get(kind)
    if fault is None or name == "status":
        known = [known for known in FAULTS if known != "status"]
        raise NotFound(f"no fault is named {name!r}", nearest(name, [*known, "status-500"], "vong gateway models"))
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in fault.options:
            hint = f"it takes: {', '.join(fault.options)}" if fault.options else "it takes none"
            raise InvalidInput(f"the fault {name!r} has no option {option!r}", hint)
        if not re.fullmatch(r"\d{1,5}(\.\d{1,3})?", value) or float(value) > BOUNDS[option]:
            hint = f"give a number from 0 to {BOUNDS[option]:g}"
            raise InvalidInput(f"the option {option!r} of the fault {name!r} cannot be {value!r}", hint)
