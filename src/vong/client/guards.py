"""Guards namespace of the client's gateway."""

from collections.abc import Sequence

from vong.client.transport import Transport
from vong.records.guard import GuardConfig, GuardTestResult, GuardType, On, ProjectGuards, SelfTestReport

PATH = "/api/v1/gateway/guards"


class Guards:
    """Guards of all calls of a project. A route's own guards are in its policy."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def show(self) -> ProjectGuards:
        """Return the project's guards, in the order of their checks."""
        return self._send.get(PATH, ProjectGuards)

    def put(self, guards: Sequence[GuardConfig]) -> ProjectGuards:
        """Replace the project's guards; an empty list removes all."""
        body = {"guards": [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]}
        return self._send.request("PUT", PATH, ProjectGuards, body=body)

    def history(self) -> list[ProjectGuards]:
        """Return all versions of the project's guards, newest first."""
        return self._send.get(f"{PATH}/history", list[ProjectGuards])

    def kinds(self) -> list[GuardType]:
        """Return every installed guard, with its settings as a JSON schema."""
        return self._send.get(f"{PATH}/kinds", list[GuardType])

    def hold(
        self, text: str, guards: Sequence[GuardConfig] = (), *, on: On = "input", model: str = ""
    ) -> GuardTestResult:
        """Return the result of applying guards to a text: the given ones, or those of calls to `model`."""
        dumped = [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]
        body = {"text": text, "on": on, "guards": dumped, "model": model}
        return self._send.post(f"{PATH}/try", GuardTestResult, body=body)

    def self_test(self) -> SelfTestReport:
        """Run the masking self-test: whether a card number is masked on every path through the gateway."""
        return self._send.get(f"{PATH}/self-test", SelfTestReport)
