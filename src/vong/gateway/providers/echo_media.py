"""Audio and images of `echo`: the smallest valid files, and transcripts that repeat the prompt."""

import base64
import time
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.providers.base import MediaProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import count_words

SILENT_PCM = bytes(4800)
"""A tenth of a second of silence: 24,000 samples of 16 bits a second, as OpenAI's speech."""
SILENT_MP3 = b"\xff\xfb\x90\x00" + bytes(413)
"""One silent frame: 128 kbit/s at 44.1 kHz."""
WHITE_PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63f80f00010101"
        "001cb08c990000000049454e44ae426082"
    )
).decode()
"""PNG of one pixel."""
MAX_IMAGES = 10


def answer_media(request: MediaProviderRequest) -> ProviderResponse:
    """Answer a call with audio or images.

    Raises: Unsupported if the requested format is not one that `echo` can write.
    """
    if request.operation == "audio/speech":
        return _speech(request.fields)
    if request.operation.startswith("audio/"):
        return _transcript(request.fields)
    return _images(request.fields)


def wav_file(pcm: bytes) -> bytes:
    """Return a WAV file of one channel."""
    rate = 24_000
    head = b"WAVEfmt " + b"".join(
        number.to_bytes(size, "little")
        for number, size in ((16, 4), (1, 2), (1, 2), (rate, 4), (2 * rate, 4), (2, 2), (16, 2))
    )
    body = head + b"data" + len(pcm).to_bytes(4, "little") + pcm
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _speech(fields: Any) -> ProviderResponse:
    formats = {
        "mp3": ("audio/mpeg", SILENT_MP3),
        "wav": ("audio/wav", wav_file(SILENT_PCM)),
        "pcm": ("audio/pcm", SILENT_PCM),
    }
    if not isinstance(fields.get("input"), str) or not fields["input"]:
        raise InvalidInput("input is missing or empty", "send a text")
    name = fields.get("response_format") or "mp3"
    if not isinstance(name, str) or name not in formats or fields.get("stream_format") == "sse":
        raise Unsupported(f"echo cannot write {name!r} audio, or events", "set response_format to mp3, wav or pcm")
    content_type, content = formats[name]
    return ProviderResponse(200, content, {"content-type": content_type})


def _transcript(fields: Any) -> ProviderResponse:
    text = str(fields.get("prompt") or "echo")
    name = fields.get("response_format") or "json"
    if name not in ("json", "text") or str(fields.get("stream")).lower() == "true":
        raise Unsupported(f"echo cannot write a transcript as {name!r}, or events", "set response_format to json")
    if name == "text":
        return ProviderResponse(200, f"{text}\n".encode(), {"content-type": "text/plain; charset=utf-8"})
    return _json({"text": text, "usage": _usage(0, count_words([text]), "tokens")})


def _images(fields: Any) -> ProviderResponse:
    text = str(fields.get("n") or 1)
    count = int(text) if text.isdecimal() and len(text) <= len(str(MAX_IMAGES)) else 0
    if not 1 <= count <= MAX_IMAGES:
        raise InvalidInput(f"n is {text}", f"request 1 to {MAX_IMAGES} images")
    if str(fields.get("stream")).lower() == "true":
        raise Unsupported("echo cannot stream images", "remove stream")
    words = count_words([str(fields.get("prompt") or "")])
    return _json(
        {"created": int(time.time()), "data": [{"b64_json": WHITE_PIXEL}] * count, "usage": _usage(words, count)}
    )


def _usage(input_tokens: int, output_tokens: int, kind: str | None = None) -> dict[str, Any]:
    counts: dict[str, Any] = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    return {**({"type": kind} if kind else {}), **counts, "total_tokens": input_tokens + output_tokens}


def _json(content: dict[str, Any]) -> ProviderResponse:
    return ProviderResponse(200, msgspec.json.encode(content), {"content-type": "application/json"})
