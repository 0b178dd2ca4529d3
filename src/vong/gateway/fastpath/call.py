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
from vong.gateway.endpoints.json_depth import check_max_depth, exceeds_max_depth
from vong.gateway.endpoints.parsing import MAX_TOKENS_FIELDS, RequestFields, TraceContext, parse, with_fields
from vong.gateway.fastpath.plan import FastPathPlan, FastPathPlanner
from vong.gateway.fastpath.record import CompactCallRecord, parse_completion, token_usage
from vong.gateway.limits.estimate import estimate_usage_bound
from vong.gateway.limits.quota import QuotaAmount, Reservation
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.services import CallServices
from vong.gateway.providers import ProviderResponse
from vong.gateway.providers.http import forward_headers
from vong.gateway.providers.openai import receive_stream
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.surrogates import has_lone_surrogate
from vong.records.record import new_id_int, uuid_from_int
from vong.store.spans.copy_format import POSTGRES_EPOCH
from vong.store.spans.schema import EPOCH_MICROSECONDS


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
        answer = None if exceeds_max_depth(body) else parse_completion(body)
        if answer is None:
            return None
        plan, took = self._plan, (time.perf_counter() - self.started) * 1000
        usage, kinds = token_usage(answer)
        self._compact_record = CompactCallRecord(
            plan, self.span_number, self.arrived_at_us, took, self._body, body, answer, usage, kinds, self._reservation
        )
        if self._reservation is not None:
            self.response_headers = self._reservation.headers()
        return ProviderResponse(200, body, forward_headers(response) if response.has_forwarded_headers else {})

    def record(self) -> None:
        """Count the call and record its span. Runs after the response was written, so no caller waits for it."""
        record = self._compact_record
        assert record is not None
        usage, seconds = record.usage, record.duration_ms / 1000
        self._plan.counter.record_call(seconds, usage.input_tokens or 0, usage.output_tokens or 0)
        self._record(record)

    def fall_back(self) -> "PlannedCall":
        """Return the call as a call of the slow path."""
        return PlannedCall(self._services, self._plan, self._body, self, self._reservation, self._response)

    def cancel(self) -> None:
        """Cancel the call at the upstream and record it, because the client has disconnected."""
        self._response.close()
        self.fall_back().close(asyncio.CancelledError())


class _CallWithPlan(ModelCall):
    """Call on the slow path whose target is known from a plan."""

    def __init__(
        self, services: CallServices, plan: FastPathPlan, body: bytes, number: int, reservation: Reservation | None
    ) -> None:
        id = uuid_from_int(number)
        super().__init__(services, plan.principal, "chat", body, TraceContext(id, id.hex, id.hex[16:], None, None))
        context = self._context
        context.body, context.route, context.resolved = body, plan.route, plan.target
        context.exchange = UpstreamExchange("chat", body, id.hex)
        self._apply_labels(context.exchange)
        self._reservation = reservation


class PlannedCall(_CallWithPlan):
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
        self._context.started_at = POSTGRES_EPOCH + timedelta(microseconds=fast_call.arrived_at_us)
        self._context.start_seconds = fast_call.started
        self._request_template, self._response = plan.request_template, response

    async def open(self) -> ProviderResponse:
        """Return the response that has arrived.

        Raises:
            UpstreamFailed: as for any other call.
        """
        context = self._context
        assert context.exchange is not None
        reply = self._request_template.api.to_response(self._response)
        self._store_response(context.exchange, reply)
        return reply


class FastStreamCall(_CallWithPlan):
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
        self._api, self._response = plan.request_template.api, response

    async def open(self) -> ProviderResponse:
        """Return the stream of the target.

        Raises:
            UpstreamFailed: as for any other call.
        """
        context, reservation = self._context, self._reservation
        assert context.exchange is not None and context.resolved is not None
        if self._response is not None:
            reply = await receive_stream(self._api, self._response)
            return await self._begin_stream(self._accept_response(context.exchange, reply))
        if reservation is not None:
            context.exchange.max_tokens = reservation.max_tokens
        return await self._begin_stream(await self._send_to_resolved(context.resolved))

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

    def try_send(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """Send a chat request, or return None without side effects if it does not qualify for the fast path."""
        try:
            return self._try_send(secret, body, random_draw, on_response)
        except (VongError, msgspec.MsgspecError, ValueError, RecursionError):
            return None  # the slow path raises the error

    def _try_send(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        check_max_depth(body)
        if has_lone_surrogate(body):
            return None  # the slow path repairs the body
        request = parse("chat", body)
        if request.metadata or request.names_prompt:
            return None
        plan = self._planner.find_plan(secret, request.model, request.user, random_draw)
        if plan is None:
            return None
        at = time.time_ns()
        reservation = None
        if plan.quotas:
            reservation = self._try_reserve(plan, request, body, at)
            if reservation is None:
                return None
        response, call = None, None
        try:
            response = self._start_request(
                plan, request, body, reservation.max_tokens if reservation else None, on_response
            )
            if request.stream:
                call = FastStreamCall(self._services, plan, body, new_id_int(at), reservation, response)
            elif response is not None:
                arrival = new_id_int(at), at // 1000 - EPOCH_MICROSECONDS
                call = FastCall(self._services, plan, body, arrival, reservation, response, self._record)
        finally:
            if call is None and response is not None:
                response.close()
            if call is None and reservation is not None:
                self._services.limiter.release(reservation)
        return call

    def _try_reserve(self, plan: FastPathPlan, request: RequestFields, body: bytes, at: int) -> Reservation | None:
        """Reserve quota for a call, or return None if the quota is not cached or not sufficient."""
        if at >= plan.valid_until_ns:
            return None
        input_tokens, output_tokens, cap, kinds = estimate_usage_bound("chat", request, len(body), body)
        holds: list[QuotaAmount] = []
        for share in plan.quotas:
            what = share.limit.metric
            if what == "cost":
                amount = plan.price.max_cost(input_tokens, output_tokens, kinds) if plan.price is not None else 0
            else:
                amount = input_tokens + output_tokens if what == "tokens" else 1
            holds.append((share, amount))
        return (
            Reservation(holds, cap if plan.needs_max_tokens else None)
            if self._services.limiter.try_reserve(holds)
            else None
        )

    def _start_request(
        self,
        plan: FastPathPlan,
        request: RequestFields,
        body: bytes,
        cap: int | None,
        on_response: Callable[[], object],
    ) -> UpstreamResponse | None:
        fields, without = {"model": plan.encoded_model}, ()
        if cap is not None:
            fields[plan.max_tokens_name], without = msgspec.Raw(b"%d" % cap), MAX_TOKENS_FIELDS
        sending = plan.request_template
        data = with_fields(body, fields, include_usage=bool(request.stream), without=without)
        if sending.prepare_body is not None:
            data = sending.prepare_body(data)
        return sending.api.try_send(sending.path, data, None if request.stream else on_response)
