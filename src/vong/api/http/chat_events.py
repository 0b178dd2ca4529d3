"""Server-sent events of an answer in a conversation."""

from collections.abc import AsyncGenerator, AsyncIterator

from vong.api.http.sse import EventStreamResponse
from vong.app.pipelines.publication_conversations import ChatErrorEvent, ChatEvent
from vong.errors import VongError


async def stream_answer(events: AsyncGenerator[ChatEvent]) -> EventStreamResponse:
    """Return the events of an answer as a stream. An error before the first event is an ordinary error response.

    A disconnected client closes the generator, which cancels the run.
    """
    first = await anext(events)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return EventStreamResponse(_frames(first, events), headers=headers)


async def _frames(first: ChatEvent, events: AsyncGenerator[ChatEvent]) -> AsyncIterator[str]:
    try:
        yield _encode(first)
        async for event in events:
            yield _encode(event)
    except VongError as error:
        yield _encode(
            ChatErrorEvent(code=error.code, status=error.status, message=error.message, hint=error.hint or None)
        )
    finally:
        await events.aclose()


def _encode(event: ChatEvent) -> str:
    return f"event: {event.event}\ndata: {event.model_dump_json()}\n\n"
