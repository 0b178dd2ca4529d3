"""Audio and images with the `openai` package: passed through, accounted and limited."""

import asyncio
import base64
import io
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import httpx
import msgspec
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from vong import access
from vong.gateway.pipeline.media_request import FormField, UploadedPart, create_form_request, parse_json_request
from vong.gateway.pipeline.media_usage import MediaBody, MediaUsage, parse_media_usage
from vong.records import RoutePolicy
from vong.records.guard import GuardConfig
from vong.records.key_scope import KeyScope

AUDIO = bytes(range(256)) * 40
IMAGE_USAGE = {
    "input_tokens": 12,
    "output_tokens": 300,
    "total_tokens": 312,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 2},
}
AUDIO_USAGE = {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "input_token_details": {"audio_tokens": 9}}


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class MediaUpstream:
    """Fake API with audio and images, on a free port."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Received(head[0].split()[1], headers, body))
                async for data in self._answer(self.requests[-1]):
                    writer.write(data)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, request: Received) -> AsyncIterator[bytes]:
        if b"status-429" in request.body:
            error = {"error": {"message": "too many", "type": "fake", "param": None, "code": "fake"}}
            yield media_response(json.dumps(error).encode(), status=429, more="retry-after: 3\r\n")
        elif b"cut-short" in request.body:
            yield b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 999\r\n\r\nabc"
            raise ConnectionError
        elif request.path.endswith("/speech"):
            yield b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n"
            for start in range(0, len(AUDIO), 3000):
                part = AUDIO[start : start + 3000]
                yield b"%x\r\n%b\r\n" % (len(part), part)
            yield b"0\r\n\r\n"
        elif b"true" in request.body:
            events: list[dict[str, Any]] = [{"type": "transcript.text.delta", "delta": "xin "}]
            events.append({"type": "transcript.text.done", "text": "xin chào", "usage": AUDIO_USAGE})
            text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
            yield media_response(text.encode(), content_type="text/event-stream")
        elif "/audio/" in request.path:
            yield media_response(json.dumps({"text": "xin chào", "usage": AUDIO_USAGE}).encode())
        else:
            data = [{"b64_json": base64.b64encode(AUDIO).decode()}]
            yield media_response(json.dumps({"created": 1, "data": data, "usage": IMAGE_USAGE}).encode())


def media_response(body: bytes, content_type: str = "application/json", status: int = 200, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@pytest.fixture(scope="module")
def running() -> Iterator[MediaUpstream]:
    upstream = MediaUpstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def upstream(running: MediaUpstream, server: Server) -> MediaUpstream:
    """Return the fake API, which the project calls as `media`."""
    running.requests.clear()
    server.client.gateway.set_provider("media", kind="openai", base_url=running.url, api_key="sk-media")
    return running


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def test_speech_is_streamed_as_the_provider_sends_it(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream
) -> None:
    answer = client.audio.speech.create(model="media/tts-1", voice="alloy", input="Xin chào")
    assert answer.content == AUDIO and answer.response.headers["content-type"] == "audio/mpeg"
    (request,) = upstream.requests
    assert request.path == "/v1/audio/speech" and request.headers["authorization"] == "Bearer sk-media"
    assert json.loads(request.body) == {"model": "tts-1", "voice": "alloy", "input": "Xin chào"}
    span = server.span()
    assert (span.name, span.status, span.model) == ("audio/speech media/tts-1", "ok", "media/tts-1")
    assert span.usage.cost is None and span.usage.input_tokens is None
    assert span.output == {"type": "audio/mpeg", "bytes": len(AUDIO)} and span.input["input"] == "Xin chào"
    assert answer.response.headers["x-vong-span-id"] == str(span.id)


@pytest.mark.filterwarnings("ignore:deprecated")
@pytest.mark.parametrize("operation", ["transcriptions", "translations"])
def test_a_recording_is_uploaded_unchanged(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream, operation: str
) -> None:
    resource: Any = getattr(client.audio, operation)
    answer = resource.create(model="media/whisper-1", file=("ghi âm.wav", AUDIO, "audio/wav"), prompt="tên")
    assert answer.text == "xin chào"
    (request,) = upstream.requests
    assert request.path == f"/v1/audio/{operation}"
    form = parse_form(request)
    assert (form["model"], form["prompt"], form["file"]) == (b"whisper-1", "tên".encode(), AUDIO)
    assert 'filename="ghi âm.wav"'.encode() in request.body and b"content-type: audio/wav" in request.body
    span = server.span()
    assert (span.usage.input_tokens, span.usage.output_tokens) == (14, 5)
    assert span.attributes["vong.usage"] == {"input_audio": 9}
    assert span.input["files"] == [{"field": "file", "filename": "ghi âm.wav", "type": "audio/wav", "bytes": 10240}]
    assert span.output["text"] == "xin chào"


def test_a_streamed_transcript_passes_and_its_usage_counts(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream
) -> None:
    file = ("a.wav", b"RIFF", "audio/wav")
    stream = client.audio.transcriptions.create(model="media/gpt-4o-transcribe", file=file, stream=True)
    assert [event.type for event in stream] == ["transcript.text.delta", "transcript.text.done"]
    assert server.span().usage.output_tokens == 5 and parse_form(upstream.requests[0])["stream"] == b"true"


@pytest.mark.filterwarnings("ignore:deprecated")
def test_images_are_generated_edited_and_varied(client: openai.OpenAI, server: Server, upstream: MediaUpstream) -> None:
    image = ("a.png", b"\x89PNG", "image/png")
    made = client.images.generate(model="media/gpt-image-1", prompt="a cat", n=1, size="1024x1024")
    edited = client.images.edit(model="media/gpt-image-1", image=[image, image], prompt="a dog")
    images: Any = client.images  # the SDK marks variations as deprecated
    varied = images.create_variation(model="media/dall-e-2", image=image)
    for answer in (made, edited, varied):
        assert answer.data and base64.b64decode(answer.data[0].b64_json or "") == AUDIO
    assert [request.path.removeprefix("/v1/images/") for request in upstream.requests] == [
        "generations",
        "edits",
        "variations",
    ]
    assert upstream.requests[1].body.count(b"\x89PNG") == 2 and parse_form(upstream.requests[2])["model"] == b"dall-e-2"
    spans = server.spans()
    assert [span.usage.output_tokens for span in spans] == [300] * 3
    assert spans[0].attributes["vong.usage"] == {"input_image": 2}
    assert "characters of data" in spans[0].output["data"][0]["b64_json"]


def test_a_known_price_is_charged(client: openai.OpenAI, server: Server, upstream: MediaUpstream) -> None:
    server.client.gateway.set_price("media/gpt-image-1", input=1e6, output=2e6)
    client.images.generate(model="media/gpt-image-1", prompt="a cat")
    assert server.span().usage.cost == (12 * 1 + 300 * 2) * 1_000_000


def test_errors_of_the_provider_are_passed_on(client: openai.OpenAI, server: Server, upstream: MediaUpstream) -> None:
    with pytest.raises(openai.RateLimitError, match="too many") as caught:
        client.images.generate(model="media/status-429", prompt="a cat")
    assert caught.value.response.headers["retry-after"] == "3"
    span = server.span()
    assert (span.status, span.error) == ("error", "too many")


def test_a_broken_body_ends_the_connection(server: Server, upstream: MediaUpstream) -> None:
    body = {"model": "media/tts-1", "voice": "alloy", "input": "cut-short"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{server.url}/v1/audio/speech", json=body, headers={"authorization": f"Bearer {server.key}"})
    assert server.span().status == "error"


def test_a_route_falls_back_to_a_target_that_has_the_operation(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream
) -> None:
    server.client.gateway.set_route("voice", {"claude/x": 1}, policy=RoutePolicy(fallbacks=("media/tts-1",)))
    assert client.audio.speech.create(model="voice", voice="alloy", input="a").content == AUDIO
    assert server.spans()[0].versions.route == "voice"


@pytest.mark.parametrize(
    ("model", "message"),
    [("claude/x", "does not support audio/speech"), ("all-minilm-l6-v2", "does not support"), ("none/x", "no model")],
)
def test_a_provider_without_the_operation_is_named(
    client: openai.OpenAI, server: Server, model: str, message: str
) -> None:
    with pytest.raises(openai.APIStatusError, match=message) as caught:
        client.audio.speech.create(model=model, voice="alloy", input="a")
    assert caught.value.status_code in (400, 404)


def test_keys_scopes_limits_and_sizes_apply(server: Server, upstream: MediaUpstream) -> None:
    with server.platform.scope(server.project_id) as connection:
        scope = KeyScope(models=("media/*",), endpoints=("images",))
        scoped = access.create_key(connection, "images only", scope=scope).secret
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=scoped, max_retries=0)
    assert client.images.generate(model="media/gpt-image-1", prompt="a").data
    with pytest.raises(openai.PermissionDeniedError):
        client.audio.speech.create(model="media/tts-1", voice="alloy", input="a")
    with pytest.raises(openai.PermissionDeniedError):
        client.images.generate(model="echo/echo", prompt="a")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="wrong", max_retries=0).images.generate(prompt="a")
    owner = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    with pytest.raises(openai.APIStatusError) as caught:
        owner.audio.transcriptions.create(model="media/whisper-1", file=("a.wav", bytes(200_000)))
    assert caught.value.status_code == 413
    server.client.gateway.set_limit("key", "requests", "day", 1)
    assert owner.images.generate(model="media/gpt-image-1", prompt="a").data
    with pytest.raises(openai.RateLimitError):
        owner.images.generate(model="media/gpt-image-1", prompt="a")
    assert len(upstream.requests) == 2


def test_guards_read_prompts(client: openai.OpenAI, server: Server, upstream: MediaUpstream) -> None:
    server.client.gateway.guards.set([GuardConfig(guard="pii", on="input", action="mask")])
    client.images.generate(model="media/gpt-image-1", prompt="mail me at an@example.com")
    assert "an@example.com" not in upstream.requests[0].body.decode()
    client.images.edit(model="media/gpt-image-1", image=("a.png", b"x"), prompt="or at an@example.com")
    assert b"an@example.com" not in upstream.requests[1].body and b"or at" in upstream.requests[1].body
    with pytest.raises(openai.BadRequestError, match="prompt is not a text"):
        client.images.generate(model="media/gpt-image-1", prompt=["an@example.com"])  # pyright: ignore
    assert "an@example.com" not in str([span.input for span in server.spans()])


def test_echo_answers_with_valid_files(client: openai.OpenAI) -> None:
    assert client.audio.speech.create(model="echo/echo", voice="alloy", input="a").content[:2] == b"\xff\xfb"
    wav = client.audio.speech.create(model="echo/echo", voice="alloy", input="a", response_format="wav").content
    import wave

    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (24_000, 2400)
    images = client.images.generate(model="echo/echo", prompt="a", n=2).data
    assert images and len(images) == 2 and base64.b64decode(images[0].b64_json or "")[:4] == b"\x89PNG"
    heard = client.audio.transcriptions.create(model="echo/echo", file=("a.wav", wav), prompt="xin chào")
    assert heard.text == "xin chào"
    with pytest.raises(openai.BadRequestError, match="echo cannot write 'opus'"):
        client.audio.speech.create(model="echo/echo", voice="alloy", input="a", response_format="opus")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"a"', b"\xff"])
def test_a_malformed_request_is_rejected(server: Server, body: bytes) -> None:
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    for path in ("audio/speech", "images/generations"):
        answer = httpx.post(f"{server.url}/v1/{path}", content=body, headers=headers)
        assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert httpx.get(f"{server.url}/v1/audio/speech", headers=headers).status_code == 405


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("audio/speech", {"input": "a", "voice": "alloy", "response_format": [[]]}),
        ("audio/speech", {"input": "a", "voice": "alloy", "response_format": {"a": 1}}),
        ("images/generations", {"prompt": "a", "n": "9" * 5000}),
        ("images/generations", {"prompt": "a", "n": [1]}),
    ],
)
def test_echo_rejects_fields_of_another_type(server: Server, path: str, fields: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    answer = httpx.post(f"{server.url}/v1/{path}", json={"model": "echo/echo", **fields}, headers=headers)
    assert answer.status_code == 400, answer.text


def parse_form(request: Received) -> dict[str, bytes]:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    found: dict[str, bytes] = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        (name,) = re.findall(rb'name="([^"]*)"', head)[:1]
        found[name.decode()] = content.removesuffix(b"\r\n")
    return found


FIELD_NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n'), min_size=1, max_size=5)


@given(st.lists(st.tuples(FIELD_NAMES, st.text(max_size=9)), unique_by=lambda item: item[0], max_size=4), st.binary())
def test_a_form_is_encoded_as_it_was_read(fields: list[tuple[str, str]], content: bytes) -> None:
    form = [FormField(name, value) for name, value in fields if name not in ("model", "file")]
    form += [FormField("model", "m"), FormField("file", UploadedPart("a", "b/c", content))]
    body, content_type = create_form_request("images/edits", form).encode("other")
    assert parse_form(Received("", {"content-type": content_type}, body)) == {
        **{field.name: field.value.encode() for field in form if isinstance(field.value, str)},
        "model": b"other",
        "file": content,
    }


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, MediaUsage()),
        ([], MediaUsage()),
        ({"type": "duration", "seconds": 9}, MediaUsage()),
        ({"input_tokens": -1, "output_tokens": 2.5}, MediaUsage()),
        ({"input_tokens": 3, "output_tokens": 4, "input_tokens_details": None}, MediaUsage(3, 4)),
        (AUDIO_USAGE, MediaUsage(14, 5, None, {"input_audio": 9})),
        ({"prompt_tokens": 1, "completion_tokens": 2}, MediaUsage(1, 2)),
    ],
)
def test_usage_has_several_forms(usage: Any, expected: MediaUsage) -> None:
    assert parse_media_usage(usage) == expected


@given(st.lists(st.integers(0, 200), max_size=5))
def test_usage_is_found_however_events_are_cut(cuts: list[int]) -> None:
    event = f"event: x\r\ndata: {json.dumps({'usage': AUDIO_USAGE})}\r\n\r\n".encode()
    body = MediaBody("text/event-stream; charset=utf-8")
    places = [0, *sorted(cut for cut in cuts if cut < len(event)), len(event)]
    for start, end in pairwise(places):
        body.feed(event[start:end])
    assert body.usage().input_tokens == 14


def test_the_reserved_tokens_count_files_and_results() -> None:
    request = parse_json_request("images/generations", msgspec.json.encode({"model": "m", "prompt": "a", "n": 3}))
    assert request.token_bound[1] == 60_000
    form = [FormField("model", "m"), FormField("n", "x"), FormField("file", UploadedPart("a", "", b"1"))]
    assert create_form_request("images/edits", form).token_bound == (20_000 + 21, 20_000)
