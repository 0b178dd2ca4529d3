"""Fields that chat and text completions of an engine share.

Every field of a request is obeyed, has no effect on the completion, or is rejected.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from vong.errors import ContextLengthExceeded, InvalidInput, Unsupported
from vong.serving.engine import GenerationRequest
from vong.serving.engine.protocol.grammars import choice_grammar, output_schema
from vong.serving.engine.request_body import parse_body

MAX_CHOICES = 128
"""Maximum number of choices of one request, as at OpenAI."""
IGNORED_FIELDS = frozenset(
    {
        *("user", "store", "metadata", "safety_identifier", "prediction"),
        *("prompt_cache_key", "prompt_cache_retention", "cache_prompt"),
    }
)
"""Fields that do not change a completion."""
NEUTRAL_VALUES: Mapping[str, tuple[Any, ...]] = {
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "length_penalty": (1,),
    "use_beam_search": (False,),
    "typical_p": (1,),
    "tfs_z": (1,),
    "top_a": (0,),
    "mirostat": (0,),
    "dynatemp_range": (0,),
    "dry_multiplier": (0,),
    "xtc_probability": (0,),
    "top_n_sigma": (-1,),
    "skip_special_tokens": (True,),
    "spaces_between_special_tokens": (True,),
    "include_stop_str_in_output": (False,),
    "add_generation_prompt": (True,),
    "continue_final_message": (False,),
    "add_special_tokens": (True,),
    "return_token_ids": (False,),
    "guided_decoding_backend": ("auto",),
}
"""Values without effect of fields that are otherwise rejected. Null and empty values have no effect either."""
MIN_TOP_P = 1e-6
"""Value of `top_p` that stands for 0, which vLLM refuses: both keep the most likely token only."""
HINT = "omit it, or use a model of a provider that supports it"
RequestT = TypeVar("RequestT", bound="SamplingRequest")


class StreamOptions(BaseModel):
    """Options of a streamed response."""

    include_usage: bool = False


class SamplingRequest(BaseModel):
    """Request fields of chat and text completions. `top_k` -1 and 0 keep all tokens, `top_p` 0 one."""

    model_config = ConfigDict(extra="allow")

    model: str
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, ge=0, le=1)
    top_k: int = Field(default=0, ge=-1)
    min_p: float = Field(default=0.0, ge=0, le=1)
    repetition_penalty: float = Field(default=1.0, gt=0, le=10)
    repeat_penalty: float | None = Field(default=None, gt=0, le=10)
    presence_penalty: float = Field(default=0.0, ge=-2, le=2)
    frequency_penalty: float = Field(default=0.0, ge=-2, le=2)
    logit_bias: dict[int, float] = Field(default_factory=dict[int, float])
    stop: str | list[str] | None = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**64)
    n: int = Field(default=1, ge=1, le=MAX_CHOICES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    service_tier: str | None = None
    priority: int = Field(default=0, ge=-(2**31), lt=2**31)
    response_format: dict[str, Any] | None = None
    grammar: str | None = None
    guided_grammar: str | None = None
    guided_json: dict[str, Any] | str | None = None
    guided_choice: list[str] | None = None

    @property
    def include_usage(self) -> bool:
        """Return whether the last chunk of the stream contains the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def is_constrained(self) -> bool:
        """Return whether a grammar, a choice or a schema constrains the completion."""
        return any(self.constraints())

    def sampling_fields(self) -> dict[str, Any]:
        """Return the fields of the request to the engine that both kinds of completions have."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return {
            "temperature": self.temperature,
            "top_p": max(self.top_p, MIN_TOP_P),
            "top_k": max(self.top_k, 0),
            "min_p": self.min_p,
            "repetition_penalty": self.repeat_penalty or self.repetition_penalty,
            "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty,
            "logit_bias": tuple(self.logit_bias.items()),
            "stop": tuple(text for text in stop if text),
            "seed": self.seed,
            "response_format": self._format(),
            "grammar": self.grammar
            or self.guided_grammar
            or (choice_grammar(self.guided_choice) if self.guided_choice else None),
        }

    def constraints(self) -> list[bool]:
        """Return for each field that constrains a completion if it is set."""
        fields = (self.grammar or self.guided_grammar, self.guided_choice, self.guided_json)
        return [*map(bool, fields), (self.response_format or {}).get("type", "text") != "text"]

    def _format(self) -> dict[str, Any] | None:
        if self.guided_json is None:
            return self.response_format
        try:
            schema = from_json(self.guided_json) if isinstance(self.guided_json, str) else self.guided_json
        except ValueError as error:
            raise InvalidInput(f"guided_json is not JSON: {error}", "send a JSON schema") from error
        return {"type": "json_schema", "json_schema": {"name": "guided_json", "schema": schema}}


def parse_request(kind: type[RequestT], body: bytes) -> RequestT:
    """Parse a request body.

    Raises:
        InvalidInput: if a field has an invalid value.
        Unsupported: if a field would be ignored, although it changes the completion.
    """
    request = parse_body(kind, body, "see the OpenAI reference")
    _check_values(request)
    output_schema(request.sampling_fields()["response_format"])  # reports an invalid schema
    return request


def check_unknown_fields(request: SamplingRequest) -> None:
    """Check the fields that the model of the request does not declare.

    Raises: Unsupported if one of them changes the completion.
    """
    for name, value in (request.model_extra or {}).items():
        if name in IGNORED_FIELDS or value in ("", [], {}) or value in NEUTRAL_VALUES.get(name, ()):
            continue
        raise Unsupported(f"local models do not support {name}", HINT)


def choice_requests(request: GenerationRequest, count: int) -> list[GenerationRequest]:
    """Return the requests for `count` choices: the same request, each with a seed of its own."""
    if request.seed is None:
        return [request] * count
    return [replace(request, seed=request.seed + number) for number in range(count)]


def _check_values(request: SamplingRequest) -> None:
    if any(not -100 <= bias <= 100 for bias in request.logit_bias.values()):
        raise InvalidInput("logit_bias has a value that is not between -100 and 100", "lower it")
    if sum(request.constraints()) > 1:
        raise InvalidInput("the request constrains the completion in several ways", "send one constraint")


def context_exceeded(tokens: int, context_tokens: int) -> ContextLengthExceeded:
    """Return the error for a prompt that leaves no room in the context."""
    message = f"the prompt is too long: {tokens} tokens, but the context of this deployment is {context_tokens}"
    return ContextLengthExceeded(message, "shorten the prompt, or deploy with a larger context")
