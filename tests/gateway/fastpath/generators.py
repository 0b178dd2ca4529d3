"""Hypothesis strategies for chat requests and upstream responses, as raw bytes.

JSON is built from raw texts, so that number formats, key order, white space and duplicate keys vary.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.gateway.fake_upstream import chunked

Draw = Callable[[st.SearchStrategy[Any]], Any]
Raw = st.SearchStrategy[str]
SPECIAL_TEXTS = (
    "",
    "hi",
    "Huế 🚀",
    "x" * 5_000,
    "văn bản " * 1_500,
    'a "quote" and a \\',
    "\0",
    "\u2028",
    '"type": "image_url" [',
)
RAW_STRINGS = ('"\\ud83d\\ude80"', '"\\ud800"', '"a\\u0000b"', '"\\/\\b\\f"')
"""Escapes that `json.dumps` does not write: a pair of surrogates, an unpaired one, NUL, optional escapes."""
ODD_VALUES = ("null", "true", "1", "-0.0", "1E400", "1.5e-3", '"text"', "[]", "{}", "123456789012345678901234567890")
DEEP = "[" * 300 + "]" * 300
MODELS = ("single", "weighted", "priced/plain", "fake/plain")
ODD_MODELS = ("fake/other", "fake/a:b/c", "fake/hüé", "fake/\0", "keyless/plain", "nobody/none", "none", "")
USAGE_DETAILS = {
    "prompt_tokens_details": ("cached_tokens", "audio_tokens", "cache_write_tokens"),
    "completion_tokens_details": ("reasoning_tokens", "audio_tokens"),
}


class Answer(NamedTuple):
    """Bytes of an upstream response in the pieces in which they are sent, and if the connection is closed after."""

    pieces: tuple[bytes, ...]
    closes: bool


class Exchange(NamedTuple):
    """Request body, the upstream's response, the configuration of the project and the draw of a weighted target."""

    setup: str
    random_draw: float
    body: bytes
    answer: Answer


def rarely(usual: Raw, odd: Raw, one_in: int = 12) -> Raw:
    """Return values of `usual`, and one in `one_in` of `odd`."""
    return st.integers(1, one_in).flatmap(lambda number: odd if number == one_in else usual)


def one_of(*values: str) -> Raw:
    return st.sampled_from(values)


texts = st.one_of(st.text(max_size=30), st.sampled_from(SPECIAL_TEXTS))
strings = rarely(
    st.builds(lambda text, ascii: json.dumps(text, ensure_ascii=ascii), texts, st.booleans()), one_of(*RAW_STRINGS)
)
odd_values = st.one_of(one_of(*ODD_VALUES), strings)
counts = rarely(st.integers(0, 5_000).map(str), one_of("5.0", "1e2", "-1", "null", "true", '"5"', "5.5", "10" * 12))
separators = one_of("", "", "", " ", "\n\t", "\r\n")


@st.composite
def objects(draw: Draw, fields: Mapping[str, Raw], optional: Mapping[str, Raw] | None = None) -> str:
    """Return a JSON object with all of `fields` and some of `optional`, in any order; a key may occur twice."""
    strategies = {**fields, **(optional or {})}
    names = [*fields, *(name for name in (optional or ()) if draw(st.integers(0, 2)) == 2)]
    if names and draw(st.integers(0, 15)) == 15:
        names.append(draw(st.sampled_from(names)))
    space = draw(separators)
    members = [f"{json.dumps(name)}{space}:{space}{draw(strategies[name])}" for name in draw(st.permutations(names))]
    return f"{{{space}{f'{space},{space}'.join(members)}{space}}}"


def arrays(items: Raw, smallest: int, largest: int) -> Raw:
    return st.lists(items, min_size=smallest, max_size=largest).map(lambda values: f"[{', '.join(values)}]")


function = objects({"name": one_of('"weather"'), "arguments": strings})
tool_calls = arrays(objects({"id": one_of('"call_1"'), "type": one_of('"function"'), "function": function}), 0, 2)
parts = st.one_of(
    objects({"type": one_of('"text"'), "text": strings}),
    one_of('{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}', '{"type": "file"}', "{}"),
)
messages = rarely(
    arrays(
        objects(
            {
                "role": rarely(one_of('"user"', '"user"', '"system"', '"assistant"', '"developer"'), odd_values, 24),
                "content": rarely(strings, st.one_of(arrays(parts, 0, 3), odd_values), 6),
            },
            {"name": strings},
        ),
        1,
        4,
    ),
    st.one_of(odd_values, one_of("[1]", "[{}]", DEEP)),
    16,
)
stream_options = rarely(
    one_of('{"include_usage": true}', '{"include_usage":false, "other": 1}', "{}", "null"), odd_values
)
OPTIONAL_FIELDS: Mapping[str, Raw] = {
    "temperature": one_of("0", "0.7", "1e-3", "-0.0", "2E0", "null"),
    "max_tokens": counts,
    "max_completion_tokens": counts,
    "user": rarely(one_of('"mai"', '"lan"', "null"), st.one_of(odd_values, one_of(*RAW_STRINGS))),
    "n": rarely(one_of("1", "2", "null"), odd_values),
    "tools": one_of('[{"type": "function", "function": {"name": "weather"}}]', "[]"),
    "metadata": one_of("null", "{}", '{"team": "a"}', '{"tags": ["x", "y"], "session_id": 5}'),
    "stop": odd_values,
    "unknown field": odd_values,
    "ü\n": rarely(odd_values, one_of(DEEP), 8),
}


@st.composite
def requests(draw: Draw) -> tuple[bytes, bool]:
    """Return the body of a chat request, and if it asks for a stream."""
    stream = draw(st.booleans())
    fields: dict[str, Raw] = {
        "model": rarely(
            one_of(*map(json.dumps, MODELS)), st.one_of(one_of(*map(json.dumps, ODD_MODELS)), odd_values), 8
        ),
        "messages": messages,
    }
    optional = dict(OPTIONAL_FIELDS)
    if stream:
        fields["stream"] = st.just("true")
    else:
        optional["stream"] = rarely(one_of("false", "null"), odd_values)
    optional["stream_options"] = stream_options
    body: str = draw(objects(fields, optional))
    space = draw(separators)
    data = f"{space}{body}{space}".encode()
    if draw(st.integers(0, 30)) == 30:
        data = draw(
            st.sampled_from(
                (data[:-3], data + b"x", data.replace(b'"user"', b'"us\xff"'), b"", b"[]", b"\xef\xbb\xbf" + data)
            )
        )
    return data, stream


usage = rarely(
    objects(
        {"prompt_tokens": counts, "completion_tokens": counts},
        {
            **dict.fromkeys(("total_tokens", "prompt_cache_hit_tokens", "cached_tokens", "input_tokens"), counts),
            **{
                name: rarely(objects({}, dict.fromkeys(fields, counts)), odd_values)
                for name, fields in USAGE_DETAILS.items()
            },
        },
    ),
    odd_values,
)
finish_reasons = rarely(one_of('"stop"', '"length"', '"tool_calls"', "null"), odd_values)
message = objects(
    {
        "role": rarely(one_of('"assistant"'), one_of("null", '"system"', "1", "[]")),
        "content": rarely(strings, odd_values),
    },
    {
        "tool_calls": rarely(tool_calls, odd_values),
        "refusal": one_of("null", '"I cannot help."'),
        "reasoning_content": strings,
        "reasoning": strings,
        "function_call": rarely(one_of("null"), function),
        "text": one_of("null", '"more"'),
    },
)
choice = objects({"index": one_of("0"), "message": message, "finish_reason": finish_reasons}, {"logprobs": odd_values})
COMPLETION_FIELDS: Mapping[str, Raw] = {
    "id": rarely(one_of('"cmpl-1"'), odd_values),
    "object": one_of('"chat.completion"', '"list"'),
    "created": one_of("1", "1.0"),
    "model": rarely(one_of('"plain"'), odd_values),
    "choices": rarely(arrays(choice, 1, 1), st.one_of(arrays(choice, 0, 3), odd_values, one_of("[null]", "[[]]")), 8),
}
OPTIONAL_COMPLETION_FIELDS: Mapping[str, Raw] = {
    "error": one_of("null", '{"message": "overloaded"}', '"overloaded"', "5"),
    "data": one_of("[1, 2]", "null"),
    "messages": one_of("null", "[]", '[{"role": "user", "content": "echo"}]'),
    "system_fingerprint": odd_values,
    "service_tier": rarely(odd_values, one_of(DEEP)),
}
completion = st.one_of(
    objects(COMPLETION_FIELDS, OPTIONAL_COMPLETION_FIELDS),
    objects({**COMPLETION_FIELDS, "usage": usage}),
    objects({**COMPLETION_FIELDS, "usage": usage}, OPTIONAL_COMPLETION_FIELDS),
)
error_body = st.one_of(
    objects({"error": objects({"message": strings}, {"type": strings, "code": odd_values, "param": odd_values})}),
    one_of("<html>", "", "[]", '{"detail": "no"}', '{"error": "text"}', '"text"', DEEP),
)
content_types = one_of("application/json", "application/json; charset=utf-8", "text/html")
headers = st.lists(
    one_of(
        "retry-after: 7",
        "x-ratelimit-remaining-requests: 5",
        "x-ratelimit-limit-tokens: 10",
        "x-request-id: theirs",
        "server: fake",
        "x-ratelimit-odd: \xfc\x01",
    ),
    max_size=3,
    unique=True,
)


@st.composite
def events(draw: Draw) -> bytes:
    """Return the body of an event stream."""
    tool_part = objects({"index": one_of("0", "1")}, {"id": strings, "function": function})
    delta = objects(
        {},
        {
            "role": one_of('"assistant"', "null"),
            "content": rarely(strings, one_of('[{"type": "text", "text": "part"}]')),
            "refusal": strings,
            "reasoning_content": strings,
            "reasoning": strings,
            "tool_calls": arrays(tool_part, 0, 2),
        },
    )
    index = one_of("0", "0", "0", "1")
    part = objects({"index": index, "delta": rarely(delta, odd_values)}, {"finish_reason": one_of("null")})
    common = {"id": one_of('"cmpl-1"', "null"), "model": one_of('"plain"')}
    chunk = objects(
        {**common, "choices": rarely(arrays(part, 1, 1), arrays(part, 0, 2))},
        {"usage": one_of("null"), "x": odd_values},
    )
    last = objects(
        {**common, "choices": st.just('[{"index": 0, "delta": {}, "finish_reason": "stop"}]')}, {"usage": usage}
    )
    counted = objects({**common, "choices": st.just("[]"), "usage": usage})
    odd = one_of(
        ": a comment", "data: {", "data: 5", 'data: {"error": {"message": "overloaded"}}', "event: x", "data:", "x"
    )
    texts: list[str] = [f"data: {draw(chunk)}" for _ in range(draw(st.integers(0, 4)))]
    if draw(st.integers(0, 7)) < 7:
        texts.append(f"data: {draw(last)}")
    if draw(st.booleans()):
        texts.append(f"data: {draw(counted)}")
    if draw(st.integers(0, 7)) < 7:
        texts.append("data: [DONE]")
    if draw(st.integers(0, 7)) == 7:
        texts.insert(draw(st.integers(0, len(texts))), draw(odd))
    end = draw(one_of("\n\n", "\n\n", "\r\n\r\n"))
    texts = [text.replace("\n", " ").replace("\r", " ") for text in texts]  # white space of JSON ends no line here
    return "".join(text + end for text in texts).encode()


@st.composite
def answers(draw: Draw, stream: bool) -> Answer:
    """Return an upstream response; one in eight is not of the requested form."""
    kind = draw(st.integers(0, 15))
    status, content_type = 200, draw(content_types)
    if kind == 0:
        status = draw(st.sampled_from((400, 401, 404, 429, 500, 503, 201, 302)))
        body = draw(error_body).encode()
    elif kind == 1:
        body = draw(
            st.sampled_from(
                (b"<html>", b"", b"[]", b"5", b'{"a": "\xff"}', b'{"choices": [{"message": {"content": "\xff"}}]}')
            )
        )
    elif stream is (kind > 2):
        body, content_type = draw(events()), draw(one_of("text/event-stream", "text/event-stream; charset=utf-8"))
    else:
        body = draw(completion).encode()
    return frame(draw, status, [f"content-type: {content_type}", *draw(headers)], body)


def frame(draw: Draw, status: int, header_lines: Sequence[str], body: bytes) -> Answer:
    """Return a response with its body in some pieces: of known length, chunked, up to the end, or broken off."""
    places = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
    pieces = [body[start:stop] for start, stop in zip([0, *places], [*places, len(body)], strict=True)]
    pieces = [piece for piece in pieces if piece]
    framing = draw(st.sampled_from(("length", "length", "chunked", "chunked", "chunked", "close", "surplus", "cut")))
    lines = [f"HTTP/1.1 {status} X", *header_lines]
    if framing in ("length", "surplus"):
        lines.append(f"content-length: {len(body)}")
    elif framing in ("chunked", "cut"):
        lines.append("transfer-encoding: chunked")
        pieces = [*map(chunked, pieces), *([b"0\r\n\r\n"] if framing == "chunked" else [])]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if framing == "surplus":  # sent with the end of the response, else it could arrive as the next response
        *pieces, last = [head, *pieces]
        return Answer((*pieces, last + b"and more"), closes=True)
    return Answer((head, *pieces), framing not in ("length", "chunked"))


@st.composite
def exchanges(draw: Draw, setups: Sequence[str]) -> Exchange:
    """Return a request with a response to it."""
    body, stream = draw(requests())
    return Exchange(
        draw(st.sampled_from(setups)), draw(st.sampled_from((0.0, 0.3, 0.6, 0.99))), body, draw(answers(stream))
    )
