"""One model call, from the request's body to the span that accounts for it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from math import inf
from random import random
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec

from vong.errors import NotFound, Unavailable, UpstreamFailed, VongError
from vong.gateway.admission import Admission, Subjects, Ticket, tags_of
from vong.gateway.attempts import Attempts
from vong.gateway.breakers import Circuit
from vong.gateway.connection import Limits
from vong.gateway.directory import Choice, Directory, Way
from vong.gateway.keys import Principal
from vong.gateway.loads import Load
from vong.gateway.passage import Passage
from vong.gateway.providers import Ask, Reply, Shape
from vong.gateway.request import Trace
from vong.gateway.timing import timely, within
from vong.gateway.transcript import Transcript, usage_of
from vong.gateway.tree import order
from vong.gateway.worst import worst
from vong.records import Policy, Route, Span, Timeouts, Usage, now
from vong.records.span import Versions

EXPECTED = 500
"""Tokens of an answer that nobody said the length of, when targets are compared by what they cost."""
LEFT = 499
"""The status that is recorded for a caller who left before the end, as nginx does."""


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
        self._means = means
        self._principal = principal
        self.shape: Shape = shape
        self._body = body
        self._started = time.perf_counter()
        self._at = now()
        self._status = 200
        self._passage: Passage | None = None
        self._choice: Choice | None = None
        self._reply: dict[str, Any] | None = None
        self._transcript: Transcript | None = None
        self._attempts: Attempts | None = None
        self._timeouts = Timeouts()
        self._ends: float | None = None
        self._held = b""
        self._closed = False
        self._ticket: Ticket | None = None
        self._tags: tuple[str, ...] = ()

    @property
    def route(self) -> str | None:
        """The name of the route that was taken, if one was."""
        return self._choice.versions.route if self._choice else None

    @property
    def _operation(self) -> Literal["chat", "embeddings"]:
        return "embeddings" if self.shape == "embeddings" else "chat"

    async def open(self) -> Reply:
        """Ask the chosen provider; where the route says so, again and others too. Every VongError means that nothing
        was answered yet.
        """
        self._passage = passage = Passage(self.shape, self._body, self.id.hex)
        directory = await self._means.directory(self._principal)
        if passage.asked.previous:
            passage.follow(await self._means.earlier(self._principal.project_id, passage.asked.previous))
        self._tags = tags_of(self.trace.tags, passage.asked.metadata)
        way = await self._way(directory, passage)
        if directory.limits:
            await self._admit(directory, way, passage)
        ask = partial(self._ask, directory, way.route, passage)
        policy = way.route.policy if way.route else None
        if policy is None and (way.route is None or way.route.tree is None):
            return await ask(way.targets[0])
        policy, project_id = policy or Policy(), self._principal.project_id
        self._timeouts = policy.timeout
        circuit, load = partial(self._means.circuit, project_id), partial(self._means.load, project_id)
        self._attempts = Attempts(way, policy, circuit, load, passage.stream)
        return await self._attempts.answer(partial(self._try, ask))

    async def _way(self, directory: Directory, passage: Passage) -> Way:
        """The targets in the order in which they are asked."""
        route = directory.routes.get(passage.asked.model)
        if route is None or route.tree is None:
            return directory.way(passage.asked.model, random)
        usage = Usage(input_tokens=len(self._body) // 4, output_tokens=passage.asked.max_tokens or EXPECTED)
        costs = dict[str, int | None]()
        if "cheapest" in route.tree.picks():
            for model in route.tree.models():
                with suppress(NotFound, Unavailable):  # it says so itself when it is asked
                    costs[model] = await self._means.admission.expected(directory.resolve(model, route), usage)
        load = partial(self._means.load, self._principal.project_id)
        facts = passage.facts(self._principal.actor, self.trace.session, self._tags, load, costs)
        return directory.along(route, order(route.tree, facts))

    @property
    def limits(self) -> dict[str, str]:
        """Headers that say what is left of the limits that hold."""
        return self._ticket.headers() if self._ticket else {}

    async def _admit(self, directory: Directory, way: Way, passage: Passage) -> None:
        route = way.route.name if way.route else None
        subjects = Subjects(self._principal.actor, passage.asked.user, route, self._tags)
        most = worst(self.shape, passage, self._body)
        self._ticket = ticket = await self._means.admission.admit(self._principal, directory, way, subjects, most)
        passage.cap = ticket.cap

    async def events(self, reply: Reply) -> AsyncGenerator[bytes]:
        """The events for the caller, each as soon as it came. UpstreamFailed where the stream breaks off."""
        transcript = self._transcript
        assert transcript is not None and reply.events is not None
        if self._held:
            yield self._held
        try:
            async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
                source = timely(events, self._timeouts.between_tokens, self._ends) if self._attempts else events
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
            if self._attempts:
                self._attempts.broke_off(error.code)
            raise
        if self._attempts and transcript.error is not None:
            self._attempts.broke_off("upstream_failed")

    async def _ask(
        self, directory: Directory, route: Route | None, passage: Passage, target: str, limits: Limits | None = None
    ) -> Reply:
        self._choice = choice = directory.resolve(target, route)
        self._reply = self._transcript = None
        shape, body = passage.to(choice)
        reply = await choice.provider.call(Ask(shape, choice.model, body, passage.stream, limits))
        self._status = reply.status
        if reply.events is None:
            self._read(passage, reply)
        else:
            self._transcript = passage.transcript()
        return reply

    async def _try(self, ask: Callable[[str, Limits], Awaitable[Reply]], target: str) -> Reply:
        """One attempt, up to its first token: until then another one can take its place."""
        times = self._timeouts
        total = times.total or inf
        self._ends = None if times.total is None else asyncio.get_running_loop().time() + times.total
        streamed = self._passage is not None and self._passage.stream
        patience = min(total, times.first_token) if streamed else times.total
        async with within(patience, "did not begin to answer" if streamed else "did not answer"):
            reply = await ask(target, Limits(connect=times.connect, first_byte=inf, total=total))
            if reply.events is not None:
                await self._first_token(cast(AsyncGenerator[bytes], reply.events))
        return reply

    async def _first_token(self, events: AsyncGenerator[bytes]) -> None:
        """Hold back what a stream says before its first token, and the token with it, which is passed on at once."""
        transcript, held = self._transcript, list[bytes]()
        assert transcript is not None
        try:
            while transcript.first_token is None and not transcript.ended:
                batch = await anext(events, None)
                if batch is None:
                    raise UpstreamFailed("the upstream ended its stream before its first token", "send it again")
                held.append(transcript.take(batch))
            if transcript.first_token is None and transcript.error is not None:
                raise UpstreamFailed(f"the upstream broke off: {_message(transcript.error)}", "send it again")
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
        self._status = status or self._status
        if self._attempts:
            self._attempts.done()
        self._means.account(self._principal, self._span(error), self._tags, self._ticket)

    def _read(self, passage: Passage, reply: Reply) -> None:
        try:
            found = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if reply.status < 400:
                message = f"{self._choice.target if self._choice else 'the upstream'!r} did not answer in JSON: {error}"
                raise UpstreamFailed(message, "check the base_url of the provider") from error
            found = {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
        told = cast(dict[str, Any], found) if isinstance(found, dict) else {"answer": found}
        self._reply = passage.answered(reply, told)

    def _span(self, error: BaseException | None) -> Span:
        duration = (time.perf_counter() - self._started) * 1000
        transcript, choice, passage = self._transcript, self._choice, self._passage
        asked = passage.asked if passage else None
        output = transcript.completion() if transcript else self._reply
        message = self._fault(error, output)
        first = transcript.first_token if transcript else None
        metadata = (asked.metadata if asked else None) or {}
        session = self.trace.session or metadata.get("session_id")
        return Span(
            id=self.id,
            trace_id=self.trace.trace_id,
            span_id=self.trace.span_id,
            parent_span_id=self.trace.parent_span_id,
            name=f"{self._operation} {asked.model}" if asked else self._operation,
            kind=self._operation,
            status="error" if message else "ok",
            error=message,
            started_at=self._at,
            duration_ms=duration,
            first_token_ms=(first - self._started) * 1000 if first else None,
            model=choice.target if choice else None,
            user=asked.user if asked else None,
            session=str(session) if session is not None else None,
            key=self._principal.actor,
            usage=self._usage(output),
            versions=self._versions(metadata),
            attributes=self._attributes(error, output, metadata),
            input=passage.kept() if passage else _decoded(self._body),
            output=_without_vectors(output),
        )

    def _fault(self, error: BaseException | None, output: dict[str, Any] | None) -> str | None:
        if isinstance(error, asyncio.CancelledError):
            self._status = LEFT
            return "the caller left before the answer was complete"
        if isinstance(error, VongError):
            return str(error)
        if error is not None:
            return f"{type(error).__name__}: {error}"
        said = output.get("error") if output else None
        if said is None and self._status < 400:
            return None
        return _message(said) or f"the upstream answered {self._status}"

    def _usage(self, output: dict[str, Any] | None) -> Usage:
        usage = usage_of(output.get("usage") if output else None)
        if usage.output_tokens is None and self._transcript and self._transcript.chunks:
            # No provider counts for a caller who left. A chunk is a token with most, and four bytes read are one.
            read = usage.input_tokens or max(1, len(self._body) // 4)
            usage = usage.model_copy(update={"input_tokens": read, "output_tokens": self._transcript.chunks})
        return usage

    def _versions(self, metadata: dict[str, Any]) -> Versions:
        versions = self._choice.versions if self._choice else Versions()
        named = {
            name: metadata[name] for name in ("prompt_version", "index_version") if isinstance(metadata.get(name), str)
        }
        return versions.model_copy(update=named) if named else versions

    def _attributes(
        self, error: BaseException | None, output: dict[str, Any] | None, metadata: dict[str, Any]
    ) -> dict[str, Any]:
        """OpenTelemetry's GenAI conventions, and Vong's own under `vong.`."""
        found: dict[str, Any] = {
            "gen_ai.operation.name": self._operation,
            "vong.shape": self.shape,
            "http.response.status_code": self._status,
        }
        if self._passage:
            found["gen_ai.request.model"] = self._passage.asked.model
        if self._choice:
            found["gen_ai.provider.name"] = self._choice.system
        if output:
            found |= _answered(output)
        if self._transcript:
            found["vong.stream"] = True
            if self._transcript.usage is None and self._transcript.chunks:
                found["vong.usage_estimated"] = True
        if isinstance(error, VongError):
            found["error.type"] = error.code
        if self._attempts:
            found["vong.attempts"] = self._attempts.made
        return found | self._told(metadata)

    def _told(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """What the caller said of the call."""
        found: dict[str, Any] = {}
        if metadata:
            found["vong.metadata"] = metadata
        if self._tags:
            found["vong.tags"] = list(self._tags)
        if self._passage and self.shape == "responses" and self._passage.fields().get("instructions"):
            found["vong.instructions"] = True
        return found


def _message(said: Any) -> str:
    """What an error in OpenAI's shape says."""
    text = said.get("message") if isinstance(said, dict) else said
    return str(text) if text else ""


def _answered(output: dict[str, Any]) -> dict[str, Any]:
    names = {"gen_ai.response.model": output.get("model"), "gen_ai.response.id": output.get("id")}
    found: dict[str, Any] = {name: value for name, value in names.items() if isinstance(value, str)}
    choices = output.get("choices")
    if isinstance(choices, list):
        found["gen_ai.response.finish_reasons"] = [
            choice.get("finish_reason") for choice in choices if isinstance(choice, dict)
        ]
    return found


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _without_vectors(output: dict[str, Any] | None) -> dict[str, Any] | None:
    """An answer as it is kept: of embeddings only how many there were."""
    if output is None or output.get("object") != "list" or not isinstance(output.get("data"), list):
        return output
    return {**output, "data": [], "count": len(output["data"])}
