"""Recorded exchanges with providers, through every translation and back: `python -m benchmarks.replay FOLDER [--show]`.

FOLDER holds `HOST.jsonl` files (or `.jsonl.gz`), an exchange a line: path, request, status, response. What comes back
must say what went in: text, tool calls, thoughts with their signatures, end and usage. Nothing is sent.
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
from vong.gateway.transcript import Transcript
from vong.gateway.translate import (
    cohere_chat,
    converse_request,
    gemini_answer,
    gemini_request,
    messages_answer,
    messages_request,
    responses_answer,
    responses_native,
    responses_request,
)

Chat = dict[str, Any]
ID = "0" * 32
TARGETS: Mapping[str, Callable[[Chat], Chat]] = {
    "anthropic": messages_request.messages_of,
    "gemini": gemini_request.generate_of,
    "bedrock": converse_request.converse_of,
    "cohere": cohere_chat.cohere_of,
}


class Takes(Protocol):
    """Chunks, or events, from the events of another shape."""

    def take(self, event: Mapping[str, Any], /) -> list[dict[str, Any]]:
        """What follows from one."""
        ...


class Found(NamedTuple):
    """What became of one translation: same, differs, refused or broken; `about` says why."""

    what: str
    became: str
    about: str = ""


def exchanges(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Host and exchange, of every file."""
    for file in sorted(folder.glob("*.jsonl*")):
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            for line in lines:
                yield file.name.partition(".jsonl")[0], json.loads(line)


def replayed(exchange: dict[str, Any]) -> Iterator[Found]:
    """What became of one exchange; nothing where it is of no form that Vong speaks, or was no answer."""
    path, asked = exchange["path"].partition("?")[0], _json(exchange["request"])
    kinds = {"/chat/completions": _chat, "v1/messages": _messages, "/responses": _responses}
    replay = next((kinds[end] for end in kinds if path.endswith(end)), None)
    if ":generateContent" in path or ":streamGenerateContent" in path:
        replay = _gemini
    if replay is None or exchange["status"] != 200 or not isinstance(asked, dict):
        return
    events = _events(exchange["response"])
    answer = None if events else _json(exchange["response"])
    if events or isinstance(answer, dict):
        yield from replay(asked, answer, events)


def _chat(asked: Chat, answer: Chat | None, events: list[Chat]) -> Iterator[Found]:
    for name, translate in TARGETS.items():
        yield _found(f"chat asked of {name}", lambda translate=translate: _made(translate(asked)))
    yield _found("chat, asked in messages and back", lambda: _same(_plain(asked), _plain(_there_and_back(asked))))
    if asked.get("functions"):
        return  # the forerunner of tools, which no other shape can ask for
    if answer is not None:
        yield from _answered("chat", answer)
    else:
        yield from _streamed("chat", events)


def _messages(asked: Chat, answer: Chat | None, events: list[Chat]) -> Iterator[Found]:
    yield _found("messages asked in a chat", lambda: _made(messages_request.chat_of(asked)))
    yield _found("messages, asked in a chat and back", lambda: _same(_turns(asked), _turns(_back_to_messages(asked))))
    if answer is not None:
        whole = answer
        yield _found("message as a completion and back", lambda: _same(_held(whole), _held(_message(whole))))
        yield from _answered("message", messages_answer.completion_of(answer))
    else:
        yield from _streamed("message", _through(messages_answer.Chunks(), events))


def _responses(asked: Chat, answer: Chat | None, events: list[Chat]) -> Iterator[Found]:
    yield _found("response asked in a chat", lambda: _made(responses_request.chat_of(asked)))
    if answer is not None:
        yield from _answered("response", responses_native.completion_of(answer))
    else:
        yield from _streamed("response", _through(responses_native.Chunks(), events))


def _gemini(asked: Chat, answer: Chat | None, events: list[Chat]) -> Iterator[Found]:
    del asked
    if answer is not None:
        completion = gemini_answer.completion_of(answer, "m")
        parts = [part for one in answer["candidates"] for part in one["content"].get("parts") or []]
        yield from _answered("gemini", completion)
    else:
        chunks = _through(gemini_answer.Chunks("m"), events)
        completion = _whole(chunks)
        parts = [
            part for one in events for c in one.get("candidates") or [] for part in c["content"].get("parts") or []
        ]
        yield from _streamed("gemini", chunks)
    said = completion["choices"][0]["message"]
    back = gemini_request.generate_of({"model": "m", "messages": [{"role": "user", "content": "?"}, said]})
    given = [part for turn in back["contents"][1:] for part in turn["parts"]]
    yield _found("gemini's turn, sent back to it", lambda: _same(_parts(parts), _parts(given)))


def _answered(name: str, completion: Chat) -> Iterator[Found]:
    """A whole answer through the other shapes."""
    yield _found(f"{name} as a message", lambda: _same(_facts(completion), _facts(_again(completion))))

    def response() -> Found:
        made = responses_answer.response_of(completion, {"model": "m"}, ID)
        return _same(_facts(completion, sealed=True), _facts(responses_native.completion_of(made), sealed=True))

    yield _found(f"{name} as a response", response)


def _streamed(name: str, chunks: list[Chat]) -> Iterator[Found]:
    """A stream through the other shapes. One that broke off is no answer."""
    if any(chunk.get("error") for chunk in chunks) or _facts(_whole(chunks))["finish"] is None:
        yield Found(f"{name}, streamed", "no answer", "it did not come to its end")
        return

    def message() -> Found:
        events = messages_answer.Events("m")
        made = [event for chunk in chunks for event in events.take(chunk)] + events.end()
        return _same(_facts(_whole(chunks)), _facts(_whole(_through(messages_answer.Chunks(), made))))

    def response() -> Found:
        events = responses_answer.Events({"model": "m"}, ID)
        made = [event for chunk in chunks for event in events.take(chunk)] + events.end()
        told = _whole(_through(responses_native.Chunks(), made))
        return _same(_facts(_whole(chunks), sealed=True), _facts(told, sealed=True))

    yield _found(f"{name} as a message, streamed", message)
    yield _found(f"{name} as a response, streamed", response)


def _found(what: str, translate: Callable[[], Found]) -> Found:
    try:
        return translate()._replace(what=what)
    except UpstreamFailed as error:
        return Found(what, "no answer", error.message)
    except VongError as error:
        return Found(what, "refused", error.message)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return Found(what, "broken", repr(error))


def _made(body: Chat) -> Found:
    return Found("", "same" if body else "broken")


def _same(before: Any, after: Any) -> Found:
    if before == after:
        return Found("", "same")
    return Found("", "differs", f"\n      {_short(before)}\n      {_short(after)}")


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:2000]


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None


def _events(text: str) -> list[Chat]:
    lines = [line[5:].strip() for line in text.replace("\r\n", "\n").split("\n") if line.startswith("data:")]
    return [json.loads(line) for line in lines if line and line != "[DONE]"]


def _through(takes: Takes, events: list[Chat]) -> list[Chat]:
    chunks = [chunk for event in events for chunk in takes.take(event)]
    end = getattr(takes, "end", None)
    return chunks + (end() if end else [])


def _whole(chunks: list[Chat]) -> Chat:
    transcript = Transcript(with_usage=True)
    for chunk in chunks:
        transcript.note(chunk)
    return transcript.completion()


def _facts(completion: Chat, *, sealed: bool = False) -> dict[str, Any]:
    """What a completion says. `sealed`: signatures are not compared, for a response carries them in another form."""
    choice = completion["choices"][0]
    said, usage = choice["message"], completion.get("usage") or {}
    details = said.get("reasoning_details") or []
    calls = [(call["function"]["name"], _json(call["function"]["arguments"] or "{}")) for call in _calls(said)]
    content = said.get("content") or ""
    texts = content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return {
        "text": texts + (said.get("refusal") or ""),
        "calls": calls,
        "thoughts": said.get("reasoning_content") or "",
        "signatures": [] if sealed else [d["signature"] for d in details if d.get("signature")],
        "finish": "content_filter" if said.get("refusal") else choice.get("finish_reason"),
        "usage": (usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0, cached),
    }


def _calls(said: Chat) -> list[Chat]:
    return [call for call in said.get("tool_calls") or [] if call.get("function")]


def _again(completion: Chat) -> Chat:
    return messages_answer.completion_of(messages_answer.message_of(completion))


def _message(message: Chat) -> Chat:
    return messages_answer.message_of(messages_answer.completion_of(message))


def _held(message: Chat) -> list[Any]:
    """A message as far as a chat can hold it: the thoughts, its texts in one, the tool calls, end and usage."""
    thoughts = [block for block in message["content"] if block["type"] in {"thinking", "redacted_thinking"}]
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    usage = {name: message["usage"].get(name) or 0 for name in names}
    ends = {"pause_turn": "end_turn", "model_context_window_exceeded": "max_tokens"}
    end = ends.get(message["stop_reason"], message["stop_reason"]), message.get("stop_sequence")
    called = [(call["id"], call["name"], call["input"]) for call in calls]
    return [thoughts, _texts(message["content"]), called, usage, end]


def _parts(parts: list[Chat]) -> list[Chat]:
    """Gemini's parts as far as a chat can hold them: its texts in one, and no ids, which it may leave out."""
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


def _there_and_back(asked: Chat) -> Chat:
    return messages_request.chat_of(messages_request.messages_of(asked))


def _back_to_messages(asked: Chat) -> Chat:
    return messages_request.messages_of(messages_request.chat_of(asked))


def _plain(chat: Chat) -> list[Any]:
    """The conversation of a chat as plain texts and calls, the system's first, one turn where two follow each other."""
    turns, system = list[list[Any]](), list[str]()
    for message in chat["messages"]:
        content = message.get("content") or ""
        texts = content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
        if message["role"] in {"system", "developer"}:
            system.append(texts)
            continue
        calls = [(call["function"]["name"], _json(call["function"]["arguments"])) for call in _calls(message)]
        if turns and turns[-1][0] == message["role"] and message["role"] != "tool":
            turns[-1][1] += texts
            turns[-1][2] += calls
        else:
            turns.append([message["role"], texts, calls])
    names = [tool["function"]["name"] for tool in chat.get("tools") or []]
    return ["".join(system), [turn for turn in turns if turn[1] or turn[2] or turn[0] == "tool"], names]


def _turns(asked: Chat) -> list[Any]:
    """The conversation of a messages request, less thoughts and hints for caches."""
    turns, system = list[list[Any]](), _texts(asked.get("system"))
    for message in asked["messages"]:
        if message["role"] == "system":
            system += _texts(message["content"])
            continue
        blocks = _said(_blocks(message["content"]), message["role"])
        if turns and turns[-1][0] == message["role"]:
            turns[-1][1] += blocks
        else:
            turns.append([message["role"], blocks])
    for turn in turns:  # results of tools come before what the person says
        turn[1].sort(key=lambda block: block[0] != "tool_result")
    return [system, turns, [tool["name"] for tool in asked.get("tools") or []], asked["max_tokens"]]


def _blocks(content: Any) -> list[Chat]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _texts(content: Any) -> str:
    return "".join(block.get("text") or "" for block in _blocks(content or []))


def _said(blocks: list[Chat], role: str) -> list[tuple[Any, ...]]:
    """The blocks of a turn as far as a chat can hold them: the model's texts are one, a document of text is a text."""
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
    """Replay a folder, and print what became of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", action="store_true", help="every translation that was not the same")
    given = parser.parse_args()
    counts = Counter[tuple[str, str, str]]()
    for host, exchange in exchanges(given.folder):
        for found in replayed(exchange):
            counts[host, found.what, found.became] += 1
            if given.show and found.became not in {"same", "refused"}:
                print(f"{host}: {found.what}: {found.became}: {found.about}", file=sys.stderr)
    for host, what in dict.fromkeys((host, what) for host, what, _ in counts):
        became = {how: n for (h, w, how), n in counts.items() if (h, w) == (host, what)}
        print(f"{host:<36} {what:<38} {', '.join(f'{n} {how}' for how, n in sorted(became.items(), reverse=True))}")
    sys.exit(1 if any(how in {"differs", "broken"} for _, _, how in counts) else 0)


if __name__ == "__main__":
    main()
