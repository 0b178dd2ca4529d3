"""The short way of a plain call (`lanes`): sent and answered by callbacks, without a task and without a wait.

Key, route, price, budget and a connection to the upstream must be at hand. Where one is missing, or the answer is not a
plain one, the call goes the way of all others, from where it is; so whatever can go wrong is told in one place. A
stream has a task of its own, which begins where the others have come after looking for all of that.
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
    """A call that was sent. `arrived` is called when its answer is there: then `receive` it, and `account` for it once
    that is sent on; where it gives none, tell it as any other call (`whole`).
    """

    __slots__ = (
        "_body",
        "_brief",
        "_lane",
        "_means",
        "_record",
        "_response",
        "_ticket",
        "at",
        "begun",
        "number",
        "told",
    )

    def __init__(
        self,
        means: CallServices,
        lane: FastPathPlan,
        body: bytes,
        at: tuple[int, int],
        ticket: Reservation | None,
        response: UpstreamResponse,
        record: Callable[[CompactCallRecord], object],
    ) -> None:
        self.number, self.at = at
        self._record = record
        """The number of the span's UUID, and the time of arrival in microseconds since 2000."""
        self.told: Mapping[str, str] = {}
        """Headers that say what is left of the limits that hold, once it was received."""
        self.begun = time.perf_counter()
        """The same, by `time.perf_counter`."""
        self._means = means
        self._lane = lane
        self._body = body
        self._ticket = ticket
        self._response = response
        self._brief: CompactCallRecord | None = None

    def receive(self) -> ProviderResponse | None:
        """The answer, with the headers of its upstream that go on. None where it is not a plain one."""
        response = self._response
        if response.status != 200 or response.failed:
            return None
        body = response.body()
        answer = None if deep(body) else answered(body)
        if answer is None:
            return None
        lane, took = self._lane, (time.perf_counter() - self.begun) * 1000
        usage, kinds = used(answer)
        self._brief = CompactCallRecord(
            lane, self.number, self.at, took, self._body, body, answer, usage, kinds, self._ticket
        )
        if self._ticket is not None:
            self.told = self._ticket.headers()
        return ProviderResponse(200, body, passed(response) if response.passes else {})

    def account(self) -> None:
        """Count the call, and hand its span over: after the answer, so that no caller waits for it."""
        brief = self._brief
        assert brief is not None
        usage, seconds = brief.usage, brief.duration_ms / 1000
        self._lane.tally.answered(seconds, usage.input_tokens or 0, usage.output_tokens or 0)
        self._record(brief)

    def whole(self) -> "PlannedCall":
        """The same as any other call."""
        return PlannedCall(self._means, self._lane, self._body, self, self._ticket, self._response)

    def leave(self) -> None:
        """The caller has gone: cancel it at the upstream, and account for it."""
        self._response.close()
        self.whole().close(asyncio.CancelledError())


class _Laned(ModelCall):
    """A call of which a lane knows where it goes."""

    def __init__(
        self, means: CallServices, lane: FastPathPlan, body: bytes, number: int, ticket: Reservation | None
    ) -> None:
        id = uuid_of(number)
        super().__init__(means, lane.principal, "chat", body, TraceContext(id, id.hex, id.hex[16:], None, None))
        course = self._course
        course.body, course.route, course.choice = body, lane.route, lane.choice
        course.passage = UpstreamExchange("chat", body, id.hex)
        self._label(course.passage)
        self._ticket = ticket


class PlannedCall(_Laned):
    """A call that was sent the short way and goes on as any other."""

    def __init__(
        self,
        means: CallServices,
        lane: FastPathPlan,
        body: bytes,
        plain: FastCall,
        ticket: Reservation | None,
        response: UpstreamResponse,
    ) -> None:
        super().__init__(means, lane, body, plain.number, ticket)
        self._course.at = EPOCH + timedelta(microseconds=plain.at)
        self._course.started = plain.begun
        self._sending, self._response = lane.sending, response

    async def open(self) -> ProviderResponse:
        """The answer that has arrived. UpstreamFailed as with any call."""
        course = self._course
        assert course.passage is not None
        reply = self._sending.api.reply(self._response)
        course.status = reply.status
        self._read(course.passage, reply)
        return reply


class FastStreamCall(_Laned):
    """A call for a stream, for which everything is at hand; sent already where a connection was free."""

    def __init__(
        self,
        means: CallServices,
        lane: FastPathPlan,
        body: bytes,
        number: int,
        ticket: Reservation | None,
        response: UpstreamResponse | None,
    ) -> None:
        super().__init__(means, lane, body, number, ticket)
        self._api, self._response = lane.sending.api, response

    async def open(self) -> ProviderResponse:
        """The stream of the target. UpstreamFailed as with any call."""
        course, ticket = self._course, self._ticket
        assert course.passage is not None and course.choice is not None
        if self._response is not None:
            return self._told_of(course.passage, await begun(self._api, self._response))
        if ticket is not None:
            course.passage.cap = ticket.cap
        return await self._answered(course.choice)

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """As with any call. One that nobody opened is cancelled at the upstream."""
        if self._response is not None:
            self._response.close()
        super().close(error, status)


class FastPath:
    """The short way of one gateway."""

    def __init__(
        self, means: CallServices, lanes: FastPathPlanner, record: Callable[[CompactCallRecord], object]
    ) -> None:
        self._means = means
        self._record = record
        self._lanes = lanes

    def send(
        self, secret: str, body: bytes, lot: float, arrived: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """Send a chat on, where it is plain; None, with nothing done, where it is not."""
        try:
            return self._send(secret, body, lot, arrived)
        except (VongError, msgspec.MsgspecError, ValueError, RecursionError):
            return None  # the long way says what is wrong

    def _send(
        self, secret: str, body: bytes, lot: float, arrived: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        shallow(body)
        asked = read("chat", body)
        if asked.metadata:
            return None
        lane = self._lanes.find(secret, asked.model, asked.user, lot)
        if lane is None:
            return None
        at = time.time_ns()
        ticket = None
        if lane.shares:
            ticket = self._reserved(lane, asked, body, at)
            if ticket is None:
                return None
        response, call = None, None
        try:
            response = self._begun(lane, asked, body, ticket.cap if ticket else None, arrived)
            if asked.stream:
                call = FastStreamCall(self._means, lane, body, new_number(at), ticket, response)
            elif response is not None:
                arrival = new_number(at), at // 1000 - SINCE
                call = FastCall(self._means, lane, body, arrival, ticket, response, self._record)
        finally:
            if call is None and response is not None:
                response.close()
            if call is None and ticket is not None:
                self._means.admission.give(ticket)
        return call

    def _reserved(self, lane: FastPathPlan, asked: RequestFields, body: bytes, at: int) -> Reservation | None:
        """What the limits reserve for a call; None where that is not at hand."""
        if at >= lane.ends:
            return None
        read, made, cap, kinds = worst("chat", asked, len(body), body)
        wanted: list[Hold] = []
        for share in lane.shares:
            what = share.limit.what
            if what == "cost":
                amount = lane.price.most(read, made, kinds) if lane.price is not None else 0
            else:
                amount = read + made if what == "tokens" else 1
            wanted.append((share, amount))
        return Reservation(wanted, cap if lane.capped else None) if self._means.admission.take(wanted) else None

    def _begun(
        self, lane: FastPathPlan, asked: RequestFields, body: bytes, cap: int | None, arrived: Callable[[], object]
    ) -> UpstreamResponse | None:
        fields = {"model": lane.model_name}
        if cap is not None:
            fields["max_completion_tokens"] = msgspec.Raw(b"%d" % cap)
        sending, data = lane.sending, with_fields(body, fields, usage=bool(asked.stream))
        if sending.written is not None:
            data = sending.written(data)
        return sending.api.begin(sending.path, data, None if asked.stream else arrived)
