"""Server that speaks the protocol of `vllm serve`, without a model: for tests on machines without a GPU.

Paths, fields, statuses and error bodies are those of vLLM 0.32's OpenAI server, with runtime LoRA updating, as recorded
with its build for CPUs.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

VOCABULARY = 300
SLOW_TOKENS = 999
SLOW_SECONDS = 6.0
"""Time for an answer with `max_tokens` SLOW_TOKENS."""


def parse_arguments(arguments: list[str]) -> dict[str, Any]:
    """Return the options of `vllm serve MODEL --name value --flag`."""
    assert arguments[0] == "serve"
    options: dict[str, Any] = {"model": arguments[1]}
    rest = arguments[2:]
    while rest:
        name = rest.pop(0).removeprefix("--")
        options[name] = rest.pop(0) if rest and not rest[0].startswith("--") else True
    return options


def logprob(token: int, position: int) -> float:
    return -float((token * 7 + position) % VOCABULARY) / 10 - 0.01


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options: ClassVar[dict[str, Any]]
    adapters: ClassVar[dict[str, str]] = {}
    tokens: ClassVar[int] = 0

    def do_GET(self) -> None:
        if self.path == "/health":
            return self._send(200, b"")
        if not self._is_authorized():
            return None
        if self.path == "/metrics":
            text = "# TYPE vllm:num_requests_running gauge\n"
            for name, value in (("num_requests_running", 2), ("num_requests_waiting", 1)):
                text += f'vllm:{name}{{engine="0",model_name="m"}} {value}.0\n'
            text += f'vllm:generation_tokens_total{{engine="0"}} {self.tokens}.0\n'
            return self._send(200, text.encode(), "text/plain")
        names = [self.options["served-model-name"], *self.adapters]
        return self._send_json(200, {"object": "list", "data": [{"id": name} for name in names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self._is_authorized():
            getattr(self, "post_" + self.path.removeprefix("/v1").strip("/").replace("/", "_"))(body)

    def post_load_lora_adapter(self, body: dict[str, Any]) -> None:
        if os.environ.get("VLLM_ALLOW_RUNTIME_LORA_UPDATING") != "True":
            return self._send_error(404, "Not Found", "NotFoundError")
        if body["lora_name"] in self.adapters:
            message = f"The lora adapter '{body['lora_name']}' has already been loaded."
            return self._send_error(400, message, "InvalidUserInput")
        settings = Path(body["lora_path"]) / "adapter_config.json"
        if not settings.is_file():
            message = f"Loading lora {body['lora_name']} failed: No adapter found for {body['lora_path']}"
            return self._send_error(404, message, "NotFoundError")
        rank, maximum = json.loads(settings.read_text())["r"], int(self.options["max-lora-rank"])
        if rank > maximum:
            message = f"LoRA rank {rank} is greater than max_lora_rank {maximum}."
            return self._send_error(500, message, "InternalServerError")
        self.adapters[body["lora_name"]] = body["lora_path"]
        return self._send(
            200, f"Success: LoRA adapter '{body['lora_name']}' added successfully.".encode(), "text/plain"
        )

    def post_unload_lora_adapter(self, body: dict[str, Any]) -> None:
        if self.adapters.pop(body["lora_name"], None) is None:
            return self._send_error(404, f"The lora adapter '{body['lora_name']}' cannot be found.", "NotFoundError")
        return self._send(200, b"Success: LoRA adapter removed successfully.", "text/plain")

    def post_tokenize(self, body: dict[str, Any]) -> None:
        text = "".join(f"<{one['role']}>{one['content']}" for one in body["messages"]) + "<assistant>"
        self._send_json(200, {"tokens": list(text.encode()), "count": len(text), "max_model_len": 100})

    def post_completions(self, body: dict[str, Any]) -> None:
        ids = body["prompt"] if isinstance(body["prompt"], list) else list(body["prompt"].encode())
        choice: dict[str, Any] = {"index": 0, "text": "a", "finish_reason": "length", "logprobs": None}
        if body.get("prompt_logprobs"):
            top = range(body["prompt_logprobs"])
            choice["prompt_logprobs"] = [
                None,
                *(
                    {
                        str(token): {"logprob": logprob(token, n), "rank": 1, "decoded_token": "x"}
                        for token in {*top, ids[n]}
                    }
                    for n in range(1, len(ids))
                ),
            ]
            last = {f"token_id:{token}": logprob(token, len(ids)) for token in range(body["logprobs"])}
            choice["logprobs"] = {"top_logprobs": [last]}
        self._answer(body, choice, "text_completion")

    def post_chat_completions(self, body: dict[str, Any]) -> None:
        if body["model"] not in (self.options["served-model-name"], *self.adapters):
            names = ", ".join((self.options["served-model-name"], *self.adapters))
            message = f"The model `{body['model']}` does not exist. Valid aliases: {names}."
            return self._send_error(404, message, "NotFoundError")
        if body.get("temperature", 0) < 0:
            message = "temperature must be non-negative, got -1.0. (parameter=temperature, value=-1.0)"
            return self._send_error(400, message, "BadRequestError")
        if body.get("tools") and (message := self._tools_error(body)):
            return self._send_error(400, message, "BadRequestError")
        if body.get("max_tokens") == SLOW_TOKENS:
            time.sleep(SLOW_SECONDS)
        text = f"tools={len(body.get('tools', []))} by {self.adapters.get(body['model'], 'base')}"
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            return self._answer(body, {"index": 0, "message": message, "finish_reason": "stop"}, "chat.completion")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for word in [*text.split(), None]:
            delta = {} if word is None else {"content": word}
            chunk = {"id": "c", "object": "chat.completion.chunk", "model": body["model"]}
            chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": None if word else "stop"}]
            self._send_chunk(b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n")
            time.sleep(0.01)
        self._send_chunk(b"data: [DONE]\n\n")
        self._send_chunk(b"")
        return None

    def _tools_error(self, body: dict[str, Any]) -> str | None:
        """Return the error of vLLM 0.32 for tools without a parser."""
        if self.options.get("tool-call-parser") and self.options.get("enable-auto-tool-choice"):
            return None
        choice = body.get("tool_choice", "auto")
        if choice == "auto":
            return '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        name = "required" if choice == "required" else choice["function"]["name"]
        kind = '"required"' if choice == "required" else f'function "{name}"'
        return f"tool_choice={kind} requires --tool-call-parser to be set"

    def _answer(self, body: dict[str, Any], choice: dict[str, Any], kind: str) -> None:
        type(self).tokens += 1
        usage: dict[str, Any] = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
        usage["prompt_tokens_details"] = {"cached_tokens": 2} if self.options["enable-prompt-tokens-details"] else None
        self._send_json(200, {"id": "c", "object": kind, "model": body["model"], "choices": [choice], "usage": usage})

    def _is_authorized(self) -> bool:
        if self.headers.get("authorization") == f"Bearer {os.environ['VLLM_API_KEY']}":
            return True
        self._send_json(401, {"error": "Unauthorized"})
        return False

    def _send_error(self, status: int, message: str, kind: str) -> None:
        self._send_json(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})

    def _send_json(self, status: int, value: dict[str, Any]) -> None:
        self._send(status, json.dumps(value, separators=(",", ":")).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


if __name__ == "__main__":
    Handler.options = parse_arguments(sys.argv[1:])
    if not (Path(Handler.options["model"]) / "config.json").is_file():
        sys.exit(3)
    ThreadingHTTPServer((Handler.options["host"], int(Handler.options["port"])), Handler).serve_forever()
