"""One model call, from the request's body to the span that accounts for it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from math import inf
from random import random
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec

from vong.errors import NotFound, Unavailable, UpstreamFailed, VongError
from vong.gateway.admission import Admission, Subjects, Ticket, tags_of
from vong.gateway.attempts import Attempts
from vong.gateway.background import room, shelf
from vong.gateway.breakers import Circuit
from vong.gateway.connection import Limits
from vong.gateway.course import Course, message_of
from vong.gateway.directory import Directory, Way
from vong.gateway.keys import Principal
from vong.gateway.loads import Load
from vong.gateway.passage import Passage
from vong.gateway.providers import Ask, Reply, Shape
from vong.gateway.request import Trace
from vong.gateway.scopes import check
from vong.gateway.timing import timely, within
from vong.gateway.tree import order
from vong.gateway.worst import worst
from vong.records import Policy, Route, Span, Timeouts, Usage

EXPECTED = 500
"""Tokens of an answer that nobody said the length of, when targets are compared by what they cost."""


class Means(NamedTuple):
    """What a call needs of the gateway: a project's directory, who takes the span, and the circuits and
    loads of targets, the limits, and the conversation up to an earlier response.
    """

    directory: Callable[[Principal], Awaitable[Directory]]
    account: Callable[[Principal, Span, tuple[str, ...], Ticket | None], None]
    circuit: Callable[[UUID, str], Circuit]
    load: Callable[[UUID, str], Load]
    admission: Admission
    earlier: Callable[[UUID, str], Awaitable[list[dict[str, Any]]]]


class Call:
    """A call of one principal. `open` it, pass its reply on (a stream through `events`), and always `close` it."""

    def __init__(self, means: Means, principal: Principal, shape: Shape, body: bytes, trace: Trace) -> None:
        self.id = trace.id
        self.trace = trace
        self.shape: Shape = shape
        self._means = means
        self._course = Course(principal, shape, body, trace)
        self._timeouts = Timeouts()
        self._ends: float | None = None
        self._held = b""
        self._closed = False
        self._ticket: Ticket | None = None
        self._behind: Load | None = None
        """Where the call is counted that gives way to others."""

    @property
    def route(self) -> str | None:
        """The name of the route that was taken, if one was."""
        return self._course.choice.versions.route if self._course.choice else None

    async def open(self) -> Reply:
        """Ask the chosen provider; where the route says so, again and others too. Every VongError means that nothing
        was answered yet.
        """
        self._course.passage = passage = Passage(self.shape, self._course.body, self.id.hex)
        principal = self._course.principal
        check(principal, self.shape, passage.asked.model)
        directory = await self._means.directory(principal)
        if passage.asked.previous:
            passage.follow(await self._means.earlier(principal.project_id, passage.asked.previous))
        self._course.tags = tags_of(self.trace.tags, passage.asked.metadata)
        if principal.labels is not None:
            self._course.tags = tuple(dict.fromkeys((*principal.labels.tags, *self._course.tags)))
            passage.asked.user = passage.asked.user or principal.labels.user
        way = await self._way(directory, passage)
        if principal.deputy:
            await self._give_way(way, principal.project_id)
        if directory.limits:
            await self._admit(directory, way, passage)
        ask = partial(self._ask, directory, way.route, passage)
        policy = way.route.policy if way.route else None
        if policy is None and (way.route is None or way.route.tree is None):
            return await ask(way.targets[0])
        policy, project_id = policy or Policy(), principal.project_id
        self._timeouts = policy.timeout
        circuit, load = partial(self._means.circuit, project_id), partial(self._means.load, project_id)
        self._course.attempts = Attempts(way, policy, circuit, load, passage.stream)
        return await self._course.attempts.answer(partial(self._try, ask))

    async def _way(self, directory: Directory, passage: Passage) -> Way:
        """The targets in the order in which they are asked."""
        route = directory.routes.get(passage.asked.model)
        if route is None or route.tree is None:
            return directory.way(passage.asked.model, random)
        usage = Usage(input_tokens=len(self._course.body) // 4, output_tokens=passage.asked.max_tokens or EXPECTED)
        costs = dict[str, int | None]()
        if "cheapest" in route.tree.picks():
            for model in route.tree.models():
                with suppress(NotFound, Unavailable):  # it says so itself when it is asked
                    costs[model] = await self._means.admission.expected(directory.resolve(model, route), usage)
        load = partial(self._means.load, self._course.principal.project_id)
        facts = passage.facts(self._course.principal.actor, self.trace.session, self._course.tags, load, costs)
        return directory.along(route, order(route.tree, facts))

    async def _give_way(self, way: Way, project_id: UUID) -> None:
        """Nobody waits for this call: let those go first that somebody waits for."""
        behind = self._means.load(project_id, shelf(way))
        await room(way, behind, self._means.load(project_id, way.targets[0]) if way.route else None)
        self._behind = behind

    @property
    def limits(self) -> dict[str, str]:
        """Headers that say what is left of the limits that hold."""
        return self._ticket.headers() if self._ticket else {}

    async def _admit(self, directory: Directory, way: Way, passage: Passage) -> None:
        route = way.route.name if way.route else None
        subjects = Subjects(self._course.principal.actor, passage.asked.user, route, self._course.tags)
        most = worst(self.shape, passage, self._course.body)
        principal, admission = self._course.principal, self._means.admission
        self._ticket = ticket = await admission.admit(principal, directory, way, subjects, most)
        passage.cap = ticket.cap

    async def events(self, reply: Reply) -> AsyncGenerator[bytes]:
        """The events for the caller, each as soon as it came. UpstreamFailed where the stream breaks off."""
        transcript = self._course.transcript
        assert transcript is not None and reply.events is not None
        if self._held:
            yield self._held
        try:
            async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
                source = timely(events, self._timeouts.between_tokens, self._ends) if self._course.attempts else events
                async with aclosing(source) as batches:
                    async for batch in batches:
                        passed = transcript.take(batch)
                        if passed:
                            yield passed
            if not transcript.ended:
                raise UpstreamFailed("the upstream ended its stream before the answer was complete", "send it again")
            if tail := transcript.tail():
                yield tail
        except VongError as error:
            if self._course.attempts:
                self._course.attempts.broke_off(error.code)
            raise
        if self._course.attempts and transcript.error is not None:
            self._course.attempts.broke_off("upstream_failed")

    async def _ask(
        self, directory: Directory, route: Route | None, passage: Passage, target: str, limits: Limits | None = None
    ) -> Reply:
        self._course.choice = choice = directory.resolve(target, route)
        self._course.reply = self._course.transcript = None
        shape, body = passage.to(choice)
        reply = await choice.provider.call(Ask(shape, choice.model, body, passage.stream, limits))
        self._course.status = reply.status
        if reply.events is None:
            self._read(passage, reply)
        else:
            self._course.transcript = passage.transcript()
        return reply

    async def _try(self, ask: Callable[[str, Limits], Awaitable[Reply]], target: str) -> Reply:
        """One attempt, up to its first token: until then another one can take its place."""
        times = self._timeouts
        total = times.total or inf
        self._ends = None if times.total is None else asyncio.get_running_loop().time() + times.total
        streamed = self._course.passage is not None and self._course.passage.stream
        patience = min(total, times.first_token) if streamed else times.total
        async with within(patience, "did not begin to answer" if streamed else "did not answer"):
            reply = await ask(target, Limits(connect=times.connect, first_byte=inf, total=total))
            if reply.events is not None:
                await self._first_token(cast(AsyncGenerator[bytes], reply.events))
        return reply

    async def _first_token(self, events: AsyncGenerator[bytes]) -> None:
        """Hold back what a stream says before its first token, and the token with it, which is passed on at once."""
        transcript, held = self._course.transcript, list[bytes]()
        assert transcript is not None
        try:
            while transcript.first_token is None and not transcript.ended:
                batch = await anext(events, None)
                if batch is None:
                    raise UpstreamFailed("the upstream ended its stream before its first token", "send it again")
                held.append(transcript.take(batch))
            if transcript.first_token is None and transcript.error is not None:
                raise UpstreamFailed(f"the upstream broke off: {message_of(transcript.error)}", "send it again")
        except BaseException:
            await events.aclose()
            raise
        self._held = b"".join(held)

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Write the span, once. `error` is what went wrong, asyncio.CancelledError where the caller left; `status`
        what the caller was answered, where that was not the upstream's own.
        """
        if self._closed:
            return
        self._closed = True
        self._course.status = status or self._course.status
        if self._course.attempts:
            self._course.attempts.done()
        if self._behind is not None:
            self._behind.leave()
        self._means.account(self._course.principal, self._course.span(error), self._course.tags, self._ticket)

    def _read(self, passage: Passage, reply: Reply) -> None:
        try:
            found = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if reply.status < 400:
                choice = self._course.choice
                message = f"{choice.target if choice else 'the upstream'!r} did not answer in JSON: {error}"
                raise UpstreamFailed(message, "check the base_url of the provider") from error
            found = {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
        told = cast(dict[str, Any], found) if isinstance(found, dict) else {"answer": found}
        self._course.reply = passage.answered(reply, told)
