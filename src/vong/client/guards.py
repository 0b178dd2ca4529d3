"""Guards namespace of the client's gateway."""

from collections.abc import Sequence

from vong.client.transport import Transport
from vong.records.guard import GuardConfig, GuardDirection, GuardTestResult, GuardType, ProjectGuards, SelfTestReport

ROOT = "/api/v1/gateway/guards"


class GuardsClient:
    """Guards of all calls of a project. A route's own guards are in its policy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> ProjectGuards:
        """Return the project's guards, in the order of their checks."""
        return self._transport.get(ROOT, ProjectGuards)

    def set(self, guards: Sequence[GuardConfig]) -> ProjectGuards:
        """Replace the project's guards; an empty list removes all."""
        body = {"guards": [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]}
        return self._transport.request("PUT", ROOT, ProjectGuards, body=body)

    def history(self) -> list[ProjectGuards]:
        """Return all versions of the project's guards, newest first."""
        return self._transport.get(f"{ROOT}/history", list[ProjectGuards])

    def types(self) -> list[GuardType]:
        """Return every installed guard, with its settings as a JSON schema."""
        return self._transport.get(f"{ROOT}/types", list[GuardType])

    def test(
        self, text: str, guards: Sequence[GuardConfig] = (), *, on: GuardDirection = "input", model: str = ""
    ) -> GuardTestResult:
        """Return the result of applying guards to a text: the given ones, or those of calls to `model`."""
        dumped = [guard.model_dump(mode="json", exclude_defaults=True) for guard in guards]
        body = {"text": text, "on": on, "guards": dumped, "model": model}
        return self._transport.post(f"{ROOT}/test", GuardTestResult, body=body)

    def self_test(self) -> SelfTestReport:
        """Run the masking self-test: whether a card number is masked on every path through the gateway."""
        return self._transport.post(f"{ROOT}/self-test", SelfTestReport)
