"""The short way of a plain call: sent and answered by callbacks, without a task and without a wait in between.

It is for calls that nothing stands in the way of: no guard, no policy, no stream, and key, route, price, budget and a
connection to the upstream at hand. Where any of them is missing, or the answer is not a plain one, the call goes the
way of all others, from where it is; so whatever can go wrong is told in one place.
"""

from collections.abc import Callable
from random import random
from typing import cast

import msgspec

from vong.errors import VongError
from vong.gateway.call import Call
from vong.gateway.connection import Response
from vong.gateway.directory import Directory
from vong.gateway.nesting import shallow
from vong.gateway.passage import Passage
from vong.gateway.providers import Ask, Reply
from vong.gateway.providers.http_api import Direct, Sending
from vong.gateway.scopes import check
from vong.gateway.worst import worst


class PlainCall(Call):
    """A call that is tried to be sent at once. After `depart` wait for the answer, then `receive` it, or `open` the
    call as any other: what came already is not asked for again.
    """

    _sending: Sending | None = None
    _response: Response | None = None

    def depart(self, directory: Directory, arrived: Callable[[], object]) -> bool:
        """Send it, where it is plain; `arrived` is called when the answer is there. Else nothing has happened."""
        try:
            return self._depart(directory, arrived)
        except (VongError, msgspec.MsgspecError, ValueError, RecursionError):
            return False  # it is opened instead, and told there

    def _depart(self, directory: Directory, arrived: Callable[[], object]) -> bool:
        course = self._course
        principal = course.principal
        if directory.guards is not None or principal.deputy:
            return False
        shallow(self._body)
        passage = Passage(self.shape, self._body, self.id.hex)
        asked = passage.asked
        route = directory.routes.get(asked.model)
        if passage.stream or passage.translated or (route and (route.policy or route.tree)):
            return False
        check(principal, self.shape, asked.model)
        way = directory.way(asked.model, random)
        choice = directory.resolve(way.targets[0], route)
        if not hasattr(choice.provider, "sending"):
            return False
        course.body, course.passage, course.route, course.choice = self._body, passage, route, choice
        self._label(passage)
        ticket = None
        if directory.limits:
            most = worst(self.shape, passage, self._body)
            admission = self._means.admission
            ticket = admission.at_once(principal, directory, way, self._subjects(way, passage), most)
            if ticket is None:
                return False
            passage.cap = ticket.cap
        try:
            shape, body = passage.to(choice)
            sending = cast(Direct, choice.provider).sending(Ask(shape, choice.model, body))
            sending.api.ready()
            self._response = sending.api.begin(sending.path, sending.body, arrived)
        finally:
            if self._response is None and ticket is not None:
                self._means.admission.give(ticket)
        self._ticket, self._sending = ticket, sending
        return self._response is not None

    def receive(self) -> Reply:
        """The answer that has arrived. UpstreamFailed as `open` raises it."""
        course, sending, response = self._course, self._sending, self._response
        assert course.passage is not None and sending is not None and response is not None
        reply = sending.api.reply(response)
        course.status = reply.status
        self._read(course.passage, reply)
        return reply

    def leave(self) -> None:
        """The caller has gone: cancel it at the upstream."""
        if self._response is not None:
            self._response.close()

    async def open(self) -> Reply:
        """As any call, or what has arrived."""
        return await super().open() if self._response is None else self.receive()
