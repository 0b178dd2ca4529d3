"""Replay recorded exchanges with providers through every translator and back.

`python -m benchmarks.replay FOLDER [--show]`: FOLDER contains `HOST.jsonl` or `HOST.jsonl.gz` files with one exchange
per line: path, request, status, response. The result must be equal to the input in text, tool calls, thoughts with
their signatures, finish reason and usage. Nothing is sent.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from vong.errors import UpstreamFailed, VongError
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.translators import (
    anthropic_request,
    anthropic_response,
    openai_bedrock_request,
    openai_cohere,
    openai_gemini_request,
    openai_gemini_response,
    responses_request,
    responses_response,
    responses_upstream,
)
from vong.gateway.upstream.sse import DONE_DATA, batch_data

Chat = dict[str, Any]
EMPTY_ID = "0" * 32
TARGETS: Mapping[str, Callable[[Chat], Chat]] = {
    "anthropic": anthropic_request.to_anthropic_request,
    "gemini": openai_gemini_request.to_gemini_request,
    "bedrock": openai_bedrock_request.to_bedrock_request,
    "cohere": openai_cohere.to_cohere_request,
}


class EventDecoder(Protocol):
    """Decoder of the events of one API format into chunks of another."""

    def decode(self, event: Mapping[str, Any], /) -> list[dict[str, Any]]:
        """Return the chunks that result from one event."""
        ...


class Found(NamedTuple):
    """Result of one translation: same, differs, refused, broken or no response, with details in `about`."""

    what: str
    became: str
    about: str = ""


def exchanges(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield host and exchange of every line of every file."""
    for file in sorted(folder.glob("*.jsonl*")):
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            for line in lines:
                yield file.name.partition(".jsonl")[0], json.loads(line)


def replayed(exchange: dict[str, Any]) -> Iterator[Found]:
    """Yield the results of one exchange; none if Vong does not support its format or it failed."""
    path, request = exchange["path"].partition("?")[0], _json(exchange["request"])
    kinds = {"/chat/completions": _chat, "v1/messages": _messages, "/responses": _responses}
    replay = next((kinds[end] for end in kinds if path.endswith(end)), None)
    if ":generateContent" in path or ":streamGenerateContent" in path:
        replay = _gemini
    if replay is None or exchange["status"] != 200 or not isinstance(request, dict):
        return
    events = _events(exchange["response"])
    response_body = None if events else _json(exchange["response"])
    if events or isinstance(response_body, dict):
        yield from replay(request, response_body, events)


def _chat(request: Chat, response_body: Chat | None, events: list[Chat]) -> Iterator[Found]:
    for name, translate in TARGETS.items():
        yield _run_check(f"chat request to {name}", lambda translate=translate: _not_empty(translate(request)))
    yield _run_check(
        "chat request to messages and back",
        lambda: _compare(_chat_content(request), _chat_content(_to_anthropic_and_back(request))),
    )
    if request.get("functions"):
        return  # the predecessor of tools, which no other format supports
    if response_body is not None:
        yield from _check_completion("chat", response_body)
    else:
        yield from _check_stream("chat", events)


def _messages(request: Chat, response_body: Chat | None, events: list[Chat]) -> Iterator[Found]:
    yield _run_check("messages request to chat", lambda: _not_empty(anthropic_request.to_chat_request(request)))
    yield _run_check(
        "messages request to chat and back",
        lambda: _compare(_anthropic_content(request), _anthropic_content(_to_chat_and_back(request))),
    )
    if response_body is not None:
        message_body = response_body
        yield _run_check(
            "message to completion and back",
            lambda: _compare(_comparable_message(message_body), _comparable_message(_through_chat(message_body))),
        )
        yield from _check_completion("message", anthropic_response.to_chat_completion(response_body))
    else:
        yield from _check_stream("message", _decode(anthropic_response.AnthropicChunkDecoder(), events))


def _responses(request: Chat, response_body: Chat | None, events: list[Chat]) -> Iterator[Found]:
    yield _run_check("responses request to chat", lambda: _not_empty(responses_request.to_chat_request(request)))
    if response_body is not None:
        yield from _check_completion("response", responses_upstream.to_chat_completion(response_body))
    else:
        yield from _check_stream("response", _decode(responses_upstream.ResponsesChunkDecoder(), events))


def _gemini(request: Chat, response_body: Chat | None, events: list[Chat]) -> Iterator[Found]:
    del request
    if response_body is not None:
        completion = openai_gemini_response.to_chat_completion(response_body, "m")
        parts = [part for one in response_body["candidates"] for part in one["content"].get("parts") or []]
        yield from _check_completion("gemini", completion)
    else:
        chunks = _decode(openai_gemini_response.GeminiChunkDecoder("m"), events)
        completion = _join_chunks(chunks)
        parts = [
            part for one in events for c in one.get("candidates") or [] for part in c["content"].get("parts") or []
        ]
        yield from _check_stream("gemini", chunks)
    message = completion["choices"][0]["message"]
    back = openai_gemini_request.to_gemini_request(
        {"model": "m", "messages": [{"role": "user", "content": "?"}, message]}
    )
    returned_parts = [part for turn in back["contents"][1:] for part in turn["parts"]]
    yield _run_check(
        "gemini turn, returned to gemini", lambda: _compare(_comparable_parts(parts), _comparable_parts(returned_parts))
    )


def _check_completion(name: str, completion: Chat) -> Iterator[Found]:
    """Translate a complete response to the other formats and back."""
    yield _run_check(
        f"{name} to message",
        lambda: _compare(_completion_content(completion), _completion_content(_through_anthropic(completion))),
    )

    def response() -> Found:
        converted = responses_response.to_response_object(completion, {"model": "m"}, EMPTY_ID)
        return _compare(
            _completion_content(completion, ignore_signatures=True),
            _completion_content(responses_upstream.to_chat_completion(converted), ignore_signatures=True),
        )

    yield _run_check(f"{name} to response", response)


def _check_stream(name: str, chunks: list[Chat]) -> Iterator[Found]:
    """Translate a stream to the other formats and back; an aborted stream counts as no response."""
    if any(chunk.get("error") for chunk in chunks) or _completion_content(_join_chunks(chunks))["finish"] is None:
        yield Found(f"{name}, streamed", "no response", "the stream ended early")
        return

    def message() -> Found:
        events = anthropic_response.AnthropicEventEncoder("m")
        converted = [event for chunk in chunks for event in events.encode(chunk)] + events.finish()
        return _compare(
            _completion_content(_join_chunks(chunks)),
            _completion_content(_join_chunks(_decode(anthropic_response.AnthropicChunkDecoder(), converted))),
        )

    def response() -> Found:
        events = responses_response.ResponsesEventEncoder({"model": "m"}, EMPTY_ID)
        converted = [event for chunk in chunks for event in events.encode(chunk)] + events.finish()
        decoded = _join_chunks(_decode(responses_upstream.ResponsesChunkDecoder(), converted))
        return _compare(
            _completion_content(_join_chunks(chunks), ignore_signatures=True),
            _completion_content(decoded, ignore_signatures=True),
        )

    yield _run_check(f"{name} to message, streamed", message)
    yield _run_check(f"{name} to response, streamed", response)


def _run_check(what: str, translate: Callable[[], Found]) -> Found:
    try:
        return translate()._replace(what=what)
    except UpstreamFailed as error:
        return Found(what, "no response", error.message)
    except VongError as error:
        return Found(what, "refused", error.message)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return Found(what, "broken", repr(error))


def _not_empty(body: Chat) -> Found:
    return Found("", "same" if body else "broken")


def _compare(before: Any, after: Any) -> Found:
    if before == after:
        return Found("", "same")
    return Found("", "differs", f"\n      {_shorten(before)}\n      {_shorten(after)}")


def _shorten(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:2000]


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None


def _events(text: str) -> list[Chat]:
    return [
        json.loads(data) for data in batch_data(text.replace("\r\n", "\n").encode()) if data not in (b"", DONE_DATA)
    ]


def _decode(decoder: EventDecoder, events: list[Chat]) -> list[Chat]:
    chunks = [chunk for event in events for chunk in decoder.decode(event)]
    finish = getattr(decoder, "finish", None)
    return chunks + (finish() if finish else [])


def _join_chunks(chunks: list[Chat]) -> Chat:
    accumulator = StreamAccumulator(with_usage=True)
    for chunk in chunks:
        accumulator.record_chunk(chunk)
    return accumulator.completion()


def _completion_content(completion: Chat, *, ignore_signatures: bool = False) -> dict[str, Any]:
    """Return the comparable content of a completion.

    `ignore_signatures` leaves out signatures, because a response carries them in another form.
    """
    choice = completion["choices"][0]
    message, usage = choice["message"], completion.get("usage") or {}
    details = message.get("reasoning_details") or []
    calls = [(call["function"]["name"], _json(call["function"]["arguments"] or "{}")) for call in _tool_calls(message)]
    content = message.get("content") or ""
    texts = content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return {
        "text": texts + (message.get("refusal") or ""),
        "calls": calls,
        "thoughts": message.get("reasoning_content") or "",
        "signatures": [] if ignore_signatures else [d["signature"] for d in details if d.get("signature")],
        "finish": "content_filter" if message.get("refusal") else choice.get("finish_reason"),
        "usage": (usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0, cached),
    }


def _tool_calls(message: Chat) -> list[Chat]:
    return [call for call in message.get("tool_calls") or [] if call.get("function")]


def _through_anthropic(completion: Chat) -> Chat:
    return anthropic_response.to_chat_completion(anthropic_response.to_anthropic_message(completion))


def _through_chat(message: Chat) -> Chat:
    return anthropic_response.to_anthropic_message(anthropic_response.to_chat_completion(message))


def _comparable_message(message: Chat) -> list[Any]:
    """Return what a chat can represent of a message: thoughts, joined texts, tool calls, stop reason and usage."""
    thoughts = [block for block in message["content"] if block["type"] in {"thinking", "redacted_thinking"}]
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    usage = {name: message["usage"].get(name) or 0 for name in names}
    ends = {"pause_turn": "end_turn", "model_context_window_exceeded": "max_tokens"}
    end = ends.get(message["stop_reason"], message["stop_reason"]), message.get("stop_sequence")
    called = [(call["id"], call["name"], call["input"]) for call in calls]
    return [thoughts, _texts(message["content"]), called, usage, end]


def _comparable_parts(parts: list[Chat]) -> list[Chat]:
    """Return what a chat can represent of Gemini parts: joined texts, and no IDs, because they are optional."""
    found, text = list[Chat](), {"text": ""}
    for part in parts:
        if part.get("thought"):
            found.append({"thought": part["text"]})
        elif "text" in part:
            text["text"] += part["text"]
            text |= {"signature": part["thoughtSignature"]} if part.get("thoughtSignature") else {}
        elif "functionCall" in part:
            call = part["functionCall"]
            found.append({"call": call["name"], "args": call.get("args") or {}, "by": part.get("thoughtSignature")})
    thoughts = "".join(part["thought"] for part in found if "thought" in part)
    calls = [part for part in found if "call" in part]
    return [*([{"thought": thoughts}] if thoughts else []), *([text] if any(text.values()) else []), *calls]


def _to_anthropic_and_back(request: Chat) -> Chat:
    return anthropic_request.to_chat_request(anthropic_request.to_anthropic_request(request))


def _to_chat_and_back(request: Chat) -> Chat:
    return anthropic_request.to_anthropic_request(anthropic_request.to_chat_request(request))


def _chat_content(chat: Chat) -> list[Any]:
    """Return the texts and tool calls of a chat with the system text first; merge consecutive turns of a role."""
    turns, system = list[list[Any]](), list[str]()
    for message in chat["messages"]:
        content = message.get("content") or ""
        texts = content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
        if message["role"] in {"system", "developer"}:
            system.append(texts)
            continue
        calls = [(call["function"]["name"], _json(call["function"]["arguments"])) for call in _tool_calls(message)]
        if turns and turns[-1][0] == message["role"] and message["role"] != "tool":
            turns[-1][1] += texts
            turns[-1][2] += calls
        else:
            turns.append([message["role"], texts, calls])
    names = [tool["function"]["name"] for tool in chat.get("tools") or []]
    return ["".join(system), [turn for turn in turns if turn[1] or turn[2] or turn[0] == "tool"], names]


def _anthropic_content(request: Chat) -> list[Any]:
    """Return the conversation of a messages request without thoughts and cache hints."""
    turns, system = list[list[Any]](), _texts(request.get("system"))
    for message in request["messages"]:
        if message["role"] == "system":
            system += _texts(message["content"])
            continue
        blocks = _comparable_blocks(_blocks(message["content"]), message["role"])
        if turns and turns[-1][0] == message["role"]:
            turns[-1][1] += blocks
        else:
            turns.append([message["role"], blocks])
    for turn in turns:  # tool results come before the text of the user
        turn[1].sort(key=lambda block: block[0] != "tool_result")
    return [system, turns, [tool["name"] for tool in request.get("tools") or []], request["max_tokens"]]


def _blocks(content: Any) -> list[Chat]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _texts(content: Any) -> str:
    return "".join(block.get("text") or "" for block in _blocks(content or []))


def _comparable_blocks(blocks: list[Chat], role: str) -> list[tuple[Any, ...]]:
    """Return what a chat can represent of the blocks of a turn: joined model texts; a text document is a text."""
    found = list[tuple[Any, ...]]()
    for block in blocks:
        if block["type"] == "tool_result":
            text = _texts(block.get("content"))
            found.append(("tool_result", f"Error: {text}" if block.get("is_error") else text))
        elif block["type"] == "tool_use":
            found.append(("tool_use", block["name"], block["input"]))
        elif block["type"] not in {"thinking", "redacted_thinking"}:
            source = block.get("source") or {}
            text = source["data"] if source.get("type") == "text" else block.get("text")
            found.append(("text", text) if text is not None else (block["type"], source))
    texts = [block[1] for block in found if block[0] == "text"]
    if role == "assistant" and texts:
        return [("text", "".join(texts)), *(block for block in found if block[0] != "text")]
    return found


def main() -> None:
    """Replay a folder and print the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", action="store_true", help="print every translation that differs or fails")
    options = parser.parse_args()
    counts = Counter[tuple[str, str, str]]()
    for host, exchange in exchanges(options.folder):
        for found in replayed(exchange):
            counts[host, found.what, found.became] += 1
            if options.show and found.became not in {"same", "refused"}:
                print(f"{host}: {found.what}: {found.became}: {found.about}", file=sys.stderr)
    for host, what in dict.fromkeys((host, what) for host, what, _ in counts):
        became = {how: n for (h, w, how), n in counts.items() if (h, w) == (host, what)}
        print(f"{host:<36} {what:<38} {', '.join(f'{n} {how}' for how, n in sorted(became.items(), reverse=True))}")
    sys.exit(1 if any(how in {"differs", "broken"} for _, _, how in counts) else 0)


if __name__ == "__main__":
    main()
