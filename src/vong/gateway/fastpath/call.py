"""Fast path of a model call: sent and received by callbacks, without a task and without waiting.

The key, route, price, budget and a connection to the upstream must be cached. If one of them is missing, or the
response is not a plain one, the call continues on the slow path (`pipeline`) from where it is, so every error is
produced in one place. A stream has its own task, which skips the lookups of the slow path.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import msgspec

from vong.errors import VongError
from vong.gateway.endpoints.json_depth import deep, shallow
from vong.gateway.endpoints.parsing import RequestFields, TraceContext, read, with_fields
from vong.gateway.fastpath.plan import FastPathPlan, FastPathPlanner
from vong.gateway.fastpath.record import CompactCallRecord, answered, used
from vong.gateway.limits.estimate import worst
from vong.gateway.limits.quota import Hold, Reservation
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.services import CallServices
from vong.gateway.providers import ProviderResponse
from vong.gateway.providers.http import passed
from vong.gateway.providers.openai import begun
from vong.gateway.upstream.response import UpstreamResponse
from vong.records.record import new_number, uuid_of
from vong.store.spans.copy_format import EPOCH
from vong.store.spans.schema import SINCE


class FastCall:
    """Call that was sent on the fast path.

    The `on_response` callback runs when the response is complete. Then call `receive`, and `record` after the response
    was written. If `receive` returns None, continue with `fall_back`.
    """

    __slots__ = (
        "_body",
        "_compact_record",
        "_plan",
        "_record",
        "_reservation",
        "_response",
        "_services",
        "arrived_at_us",
        "response_headers",
        "span_number",
        "started",
    )

    def __init__(
        self,
        services: CallServices,
        plan: FastPathPlan,
        body: bytes,
        arrival: tuple[int, int],
        reservation: Reservation | None,
        response: UpstreamResponse,
        record: Callable[[CompactCallRecord], object],
    ) -> None:
        self.span_number, self.arrived_at_us = arrival
        """Number of the span's UUID, and time of arrival in microseconds since 2000."""
        self._record = record
        self.response_headers: Mapping[str, str] = {}
        """Rate limit headers of the response, set by `receive`."""
        self.started = time.perf_counter()
        """Time of arrival by `time.perf_counter`."""
        self._services = services
        self._plan = plan
        self._body = body
        self._reservation = reservation
        self._response = response
        self._compact_record: CompactCallRecord | None = None

    def receive(self) -> ProviderResponse | None:
        """Return the response with the forwarded upstream headers, or None if it is not a plain one."""
        response = self._response
        if response.status != 200 or response.failed:
            return None
        body = response.body()
        answer = None if deep(body) else answered(body)
        if answer is None:
            return None
        plan, took = self._plan, (time.perf_counter() - self.started) * 1000
        usage, kinds = used(answer)
        self._compact_record = CompactCallRecord(
            plan, self.span_number, self.arrived_at_us, took, self._body, body, answer, usage, kinds, self._reservation
        )
        if self._reservation is not None:
            self.response_headers = self._reservation.headers()
        return ProviderResponse(200, body, passed(response) if response.passes else {})

    def account(self) -> None:
        """Count the call and record its span. Runs after the response was written, so no caller waits for it."""
        record = self._compact_record
        assert record is not None
        usage, seconds = record.usage, record.duration_ms / 1000
        self._plan.tally.answered(seconds, usage.input_tokens or 0, usage.output_tokens or 0)
        self._record(record)

    def whole(self) -> "PlannedCall":
        """Return the call as a call of the slow path."""
        return PlannedCall(self._services, self._plan, self._body, self, self._reservation, self._response)

    def leave(self) -> None:
        """Cancel the call at the upstream and record it, because the client has disconnected."""
        self._response.close()
        self.whole().close(asyncio.CancelledError())


class _Laned(ModelCall):
    """Call on the slow path whose target is known from a plan."""

    def __init__(
        self, services: CallServices, plan: FastPathPlan, body: bytes, number: int, reservation: Reservation | None
    ) -> None:
        id = uuid_of(number)
        super().__init__(services, plan.principal, "chat", body, TraceContext(id, id.hex, id.hex[16:], None, None))
        context = self._course
        context.body, context.route, context.choice = body, plan.route, plan.choice
        context.passage = UpstreamExchange("chat", body, id.hex)
        self._label(context.passage)
        self._ticket = reservation


class PlannedCall(_Laned):
    """Call that was sent on the fast path and continues on the slow path."""

    def __init__(
        self,
        services: CallServices,
        plan: FastPathPlan,
        body: bytes,
        fast_call: FastCall,
        reservation: Reservation | None,
        response: UpstreamResponse,
    ) -> None:
        super().__init__(services, plan, body, fast_call.span_number, reservation)
        self._course.at = EPOCH + timedelta(microseconds=fast_call.arrived_at_us)
        self._course.started = fast_call.started
        self._sending, self._response = plan.sending, response

    async def open(self) -> ProviderResponse:
        """Return the response that has arrived.

        Raises:
            UpstreamFailed: as for any other call.
        """
        context = self._course
        assert context.passage is not None
        reply = self._sending.api.reply(self._response)
        context.status = reply.status
        self._read(context.passage, reply)
        return reply


class FastStreamCall(_Laned):
    """Streaming call with a plan. It is already sent if a connection was idle."""

    def __init__(
        self,
        services: CallServices,
        plan: FastPathPlan,
        body: bytes,
        number: int,
        reservation: Reservation | None,
        response: UpstreamResponse | None,
    ) -> None:
        super().__init__(services, plan, body, number, reservation)
        self._api, self._response = plan.sending.api, response

    async def open(self) -> ProviderResponse:
        """Return the stream of the target.

        Raises:
            UpstreamFailed: as for any other call.
        """
        context, reservation = self._course, self._ticket
        assert context.passage is not None and context.choice is not None
        if self._response is not None:
            return self._told_of(context.passage, await begun(self._api, self._response))
        if reservation is not None:
            context.passage.cap = reservation.cap
        return await self._answered(context.choice)

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Close the call. If it was never opened, it is cancelled at the upstream."""
        if self._response is not None:
            self._response.close()
        super().close(error, status)


class FastPath:
    """Fast path of one gateway."""

    def __init__(
        self, services: CallServices, planner: FastPathPlanner, record: Callable[[CompactCallRecord], object]
    ) -> None:
        self._services = services
        self._record = record
        self._planner = planner

    def send(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """Send a chat request, or return None without side effects if it does not qualify for the fast path."""
        try:
            return self._send(secret, body, random_draw, on_response)
        except (VongError, msgspec.MsgspecError, ValueError, RecursionError):
            return None  # the slow path raises the error

    def _send(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        shallow(body)
        request = read("chat", body)
        if request.metadata:
            return None
        plan = self._planner.find(secret, request.model, request.user, random_draw)
        if plan is None:
            return None
        at = time.time_ns()
        reservation = None
        if plan.shares:
            reservation = self._reserved(plan, request, body, at)
            if reservation is None:
                return None
        response, call = None, None
        try:
            response = self._begun(plan, request, body, reservation.cap if reservation else None, on_response)
            if request.stream:
                call = FastStreamCall(self._services, plan, body, new_number(at), reservation, response)
            elif response is not None:
                arrival = new_number(at), at // 1000 - SINCE
                call = FastCall(self._services, plan, body, arrival, reservation, response, self._record)
        finally:
            if call is None and response is not None:
                response.close()
            if call is None and reservation is not None:
                self._services.admission.give(reservation)
        return call

    def _reserved(self, plan: FastPathPlan, request: RequestFields, body: bytes, at: int) -> Reservation | None:
        """Reserve quota for a call, or return None if the quota is not cached or not sufficient."""
        if at >= plan.ends:
            return None
        input_tokens, output_tokens, cap, kinds = worst("chat", request, len(body), body)
        holds: list[Hold] = []
        for share in plan.shares:
            what = share.limit.what
            if what == "cost":
                amount = plan.price.most(input_tokens, output_tokens, kinds) if plan.price is not None else 0
            else:
                amount = input_tokens + output_tokens if what == "tokens" else 1
            holds.append((share, amount))
        return Reservation(holds, cap if plan.capped else None) if self._services.admission.take(holds) else None

    def _begun(
        self,
        plan: FastPathPlan,
        request: RequestFields,
        body: bytes,
        cap: int | None,
        on_response: Callable[[], object],
    ) -> UpstreamResponse | None:
        fields = {"model": plan.model_name}
        if cap is not None:
            fields["max_completion_tokens"] = msgspec.Raw(b"%d" % cap)
        sending, data = plan.sending, with_fields(body, fields, usage=bool(request.stream))
        if sending.written is not None:
            data = sending.written(data)
        return sending.api.begin(sending.path, data, None if request.stream else on_response)
