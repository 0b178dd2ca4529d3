"""Handlers of Ollama's API: model calls, models, and the refusal of operations that manage models."""

import hashlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vong.api.ollama.writers import CompleteWriter, StreamWriter
from vong.api.openai.model_handlers import ModelCallResponse
from vong.api.openai.requests import authenticate, json_response, limit_body
from vong.errors import InvalidInput, NotFound, Unavailable, Unsupported, did_you_mean
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check_scope, may_call
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.gateway import Gateway
from vong.gateway.providers import Endpoint
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.gateway.translators.ollama_request import generate_to_chat_request, to_chat_request, to_embedding_request
from vong.gateway.translators.ollama_response import OllamaCall, format_now, to_ollama_embeddings, to_ollama_response

OLLAMA_VERSION = "0.12.0"
"""Version of Ollama whose API is served. Clients compare it with the version that they need."""
LATEST_TAG = ":latest"
"""Tag that clients of Ollama add to a name without a tag."""
LOCAL_PROVIDER = "local"
"""Provider of the embedding models."""
UNKNOWN_TIME = "1970-01-01T00:00:00Z"
NO_EXPIRY = "9999-12-31T23:59:59Z"


class OllamaHandlers:
    """Handlers of the routes of Ollama's API. `max_body` is the maximum bytes of a request body."""

    def __init__(self, gateway: Gateway, max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    async def create_chat(self, request: Request) -> Response:
        """Handle `POST /api/chat`: run a chat. Without messages it only checks that the model exists."""
        principal, fields = await self._read(request)
        if not fields.get("messages"):
            return await self._load(principal, fields, is_chat=True)
        return self._run_chat(request, principal, fields, to_chat_request)

    async def create_text(self, request: Request) -> Response:
        """Handle `POST /api/generate`: answer a prompt. Without a prompt it only checks that the model exists."""
        principal, fields = await self._read(request)
        if not fields.get("prompt") and not fields.get("images"):
            return await self._load(principal, fields, is_chat=False)
        return self._run_chat(request, principal, fields, generate_to_chat_request)

    async def create_embeddings(self, request: Request) -> Response:
        """Handle `POST /api/embed`: return a list of embeddings."""
        return await self._embed(request, "input", "embeddings", lambda embeddings: embeddings)

    async def create_embedding(self, request: Request) -> Response:
        """Handle `POST /api/embeddings`: return the embedding of a prompt."""
        return await self._embed(
            request, "prompt", "embedding", lambda embeddings: {"embedding": embeddings["embeddings"][0]}
        )

    async def list_models(self, request: Request) -> Response:
        """Handle `GET /api/tags`: list the models that the caller can call."""
        names = await self._gateway.list_models(await authenticate(self._gateway, request))
        return json_response({"models": [model_entry(name) for name in dict.fromkeys(names)]})

    async def get_model(self, request: Request) -> Response:
        """Handle `POST /api/show`: return what is known of a model."""
        principal, fields = await self._read(request)
        target = await self._find_target(principal, fields["model"], None)
        provider = target.partition("/")[0]
        described = {name: "" for name in ("license", "modelfile", "parameters", "template")}
        described |= {"modified_at": UNKNOWN_TIME}
        capabilities = ["embedding"] if provider == LOCAL_PROVIDER else ["completion", "tools"]
        info = {"general.architecture": provider, "general.basename": target}
        details = model_entry(target)["details"]
        return json_response({**described, "details": details, "model_info": info, "capabilities": capabilities})

    async def list_running_models(self, request: Request) -> Response:
        """Handle `GET /api/ps`: list the deployments that are running."""
        principal = await authenticate(self._gateway, request)
        catalog = await self._gateway.load_catalog(principal)
        names = [f"{DEPLOYMENT}/{name}" for name, found in catalog.deployments.items() if found.replicas]
        running = [model_entry(name) for name in names if may_call(principal.scope, name)]
        return json_response({"models": [{**entry, "expires_at": NO_EXPIRY, "size_vram": 0} for entry in running]})

    async def get_version(self, _: Request) -> Response:
        """Handle `GET /api/version`: return the version of Ollama whose API is served. It needs no key."""
        return json_response({"version": OLLAMA_VERSION})

    async def refuse(self, operation: str, hint: str, request: Request) -> Response:
        """Refuse an operation that manages the models of Ollama."""
        await authenticate(self._gateway, request)
        raise Unsupported(f"Vong does not serve /api/{operation} of Ollama", hint)

    def _run_chat(
        self,
        request: Request,
        principal: GatewayPrincipal,
        fields: dict[str, Any],
        translate: Callable[[Mapping[str, Any]], dict[str, Any]],
    ) -> Response:
        chat = translate(fields)
        is_chat = translate is to_chat_request
        call = OllamaCall(str(fields["model"]), is_chat, fields.get("think") is not False, time.perf_counter())
        if chat["stream"]:
            return self._respond(request, principal, "chat", chat, partial(StreamWriter, call=call))
        convert = partial(to_ollama_response, call=call)
        return self._respond(request, principal, "chat", chat, partial(CompleteWriter, convert=convert))

    async def _embed(
        self,
        request: Request,
        input_field: str,
        output_field: str,
        select: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> Response:
        principal, fields = await self._read(request)
        if fields.get(input_field) in (None, "", []):
            await self._find_target(principal, fields["model"], "embeddings")
            empty = {"model": fields["model"]} if output_field == "embeddings" else {}
            return json_response({**empty, output_field: []})
        started = time.perf_counter()

        def convert(response: Mapping[str, Any]) -> dict[str, Any]:
            return select(to_ollama_embeddings(response, fields["model"], started))

        body = to_embedding_request(fields)
        return self._respond(request, principal, "embeddings", body, partial(CompleteWriter, convert=convert))

    def _respond(
        self,
        request: Request,
        principal: GatewayPrincipal,
        endpoint: Endpoint,
        fields: dict[str, Any],
        create_writer: Callable[..., StreamWriter | CompleteWriter],
    ) -> Response:
        body, trace = msgspec.json.encode(fields), TraceContext.from_headers(request.headers)
        return ModelCallResponse(self._gateway.create_call(principal, endpoint, body, trace), create_writer)

    async def _load(self, principal: GatewayPrincipal, fields: dict[str, Any], *, is_chat: bool) -> Response:
        """Return the response to a request without content, by which clients load or unload a model."""
        await self._find_target(principal, fields["model"], "chat")
        reason = "unload" if fields.get("keep_alive") in (0, "0") else "load"
        answer = {"message": {"role": "assistant", "content": ""}} if is_chat else {"response": ""}
        head = {"model": fields["model"], "created_at": format_now()}
        return json_response({**head, **answer, "done": True, "done_reason": reason})

    async def _read(self, request: Request) -> tuple[GatewayPrincipal, dict[str, Any]]:
        """Return the principal and the decoded body, with the name of the model as the gateway knows it.

        Raises:
            InvalidInput: if the body is not a JSON object or names no model.
        """
        principal = await authenticate(self._gateway, request)
        body = await limit_body(request, self._max_body, "max_request_bytes").body()
        check_max_depth(body)
        try:
            body.decode()
            fields = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"invalid request body: {error}", "see docs/guides/ollama.md for an example") from error
        name = fields.get("model") or fields.get("name")
        if not isinstance(name, str):
            raise InvalidInput("model is missing", "list the models with GET /api/tags")
        stem = name.removesuffix(LATEST_TAG)
        if stem != name and stem in (await self._gateway.load_catalog(principal)).callable_names():
            name = stem
        return principal, {**fields, "model": name}

    async def _find_target(self, principal: GatewayPrincipal, model: str, endpoint: Endpoint | None) -> str:
        """Return the first target of a model that the caller may call at an endpoint, or at any one.

        Raises:
            NotFound: if the model does not exist.
        """
        catalog = await self._gateway.load_catalog(principal)
        if endpoint is not None:
            check_scope(principal, endpoint, model)
        elif not may_call(principal.scope, model):
            raise NotFound(f"no model named {model!r} is in the scope of the key", "list the models with GET /api/tags")
        try:
            target = catalog.plan_route(model, lambda: 0.0).targets[0]
        except Unavailable:  # the route has no target for a call without properties
            return model
        catalog.check_target(target)
        if target.startswith(f"{LOCAL_PROVIDER}/") and target not in catalog.shortcuts.values():
            names = await self._gateway.list_models(principal)
            if model not in names:
                raise NotFound(f"no model named {model!r}", did_you_mean(model, names, "vong gateway models"))
        return target


def model_entry(name: str) -> dict[str, Any]:
    """Return a model as an entry of a list of Ollama. Vong knows neither its size nor its age."""
    family = name.partition("/")[0] if "/" in name else "route"
    details = {
        "parent_model": "",
        "format": "",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": "",
    }
    return {
        "name": name,
        "model": name,
        "modified_at": UNKNOWN_TIME,
        "size": 0,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": details,
    }
