"""Guards over the gateway's calls: `client.gateway.guards`."""

from collections.abc import Sequence

from vong.client.transport import Transport
from vong.records.guard import GuardConfig, GuardTestResult, GuardType, On, ProjectGuards, SelfTestReport

PATH = "/api/v1/gateway/guards"


class Guards:
    """The guards of all a project's calls; those of a route are in its policy."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def show(self) -> ProjectGuards:
        """The guards that hold, in the order in which they look."""
        return self._send.get(PATH, ProjectGuards)

    def put(self, guards: Sequence[GuardConfig]) -> ProjectGuards:
        """Set them; none removes them."""
        body = {"guards": [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]}
        return self._send.request("PUT", PATH, ProjectGuards, body=body)

    def history(self) -> list[ProjectGuards]:
        """How they stood, newest first."""
        return self._send.get(f"{PATH}/history", list[ProjectGuards])

    def kinds(self) -> list[GuardType]:
        """Every guard that is installed, with its settings as a JSON schema."""
        return self._send.get(f"{PATH}/kinds", list[GuardType])

    def hold(
        self, text: str, guards: Sequence[GuardConfig] = (), *, on: On = "input", model: str = ""
    ) -> GuardTestResult:
        """What becomes of a text under these guards, or, without any, under those of calls to `model`."""
        dumped = [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]
        body = {"text": text, "on": on, "guards": dumped, "model": model}
        return self._send.post(f"{PATH}/try", GuardTestResult, body=body)

    def self_test(self) -> SelfTestReport:
        """Whether a card number is masked on every way through the gateway."""
        return self._send.get(f"{PATH}/self-test", SelfTestReport)
