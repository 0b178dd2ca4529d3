"""Dialects of OpenAI's chat format: one row for each kind of server.

The rows state facts about public APIs and widespread servers. `docs/guides/providers.md` shows them as a table.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from vong.gateway.translators.chat_dialect import (
    REASONING_MODEL_PATTERN,
    REASONING_TEXT_FIELDS,
    SAMPLING_EXTENSIONS,
    ChatDialect,
)
from vong.gateway.translators.content import ACCOUNTING_FIELDS
from vong.gateway.translators.tool_call_ids import MISTRAL_ID_PATTERN

NOT_OLD_OPENAI_PATTERN = re.compile(r"^(?!(?:.*/)?(?:gpt-[34]|chatgpt))", re.IGNORECASE)
"""All models but those of OpenAI that are known not to reason."""
GENERIC = ChatDialect(
    reasoning_fields=REASONING_TEXT_FIELDS,
    effort_models=NOT_OLD_OPENAI_PATTERN,
    extensions=frozenset({"min_p", "repetition_penalty"}),
    is_verbatim=True,
)
"""Server at an unknown address. It knows OpenAI's fields, perhaps not the newest ones."""
OPENAI = ChatDialect(
    has_all_efforts=True,
    max_tokens_field=None,
    has_developer=True,
    extensions=frozenset({"verbosity"}),
    effort_models=REASONING_MODEL_PATTERN,
)
AZURE = ChatDialect(
    has_all_efforts=True,
    max_tokens_field=None,
    has_developer=True,
    extensions=frozenset({"verbosity"}),
    effort_models=NOT_OLD_OPENAI_PATTERN,
    is_verbatim=True,
)
"""Azure names models after deployments, so that their abilities are unknown."""
DEEPSEEK = ChatDialect(reasoning_fields=("reasoning_content",))
MOONSHOT = ChatDialect(reasoning_fields=("reasoning_content",))
XAI = ChatDialect(
    max_tokens_field="max_completion_tokens",
    reasoning_fields=("reasoning_content",),
    effort_models=re.compile(r"grok-(?:3-mini|[4-9])"),
)
GROQ = ChatDialect(
    max_tokens_field="max_completion_tokens",
    reasoning_fields=("reasoning",),
    effort_models=re.compile(r"gpt-oss|qwen", re.IGNORECASE),
    unsupported_fields=frozenset({"n", "logprobs", "top_logprobs", "logit_bias"}),
    ignored_fields=frozenset({"prompt_cache_key", "prompt_cache_retention", "safety_identifier"}),
    message_fields=frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "reasoning"}),
)
MISTRAL = ChatDialect(
    thinking_part_models=re.compile("magistral", re.IGNORECASE),
    marks_prefix=True,
    id_pattern=MISTRAL_ID_PATTERN,
    effort_models=re.compile(r"magistral|mistral-(?:small|medium)", re.IGNORECASE),
    renamed_fields={"seed": "random_seed"},
    unsupported_fields=frozenset({"logprobs", "top_logprobs", "logit_bias"}),
    # Its streams always end with usage.
    ignored_fields=ACCOUNTING_FIELDS,
    message_fields=frozenset({"role", "content", "tool_calls", "tool_call_id", "prefix"}),
)
OLLAMA = ChatDialect(
    reasoning_fields=("reasoning",),
    unsupported_fields=frozenset({"n", "logit_bias", "tool_choice"}),
)
OPENROUTER = ChatDialect(
    has_all_efforts=True,
    max_tokens_field="max_completion_tokens",
    has_developer=True,
    reasoning_fields=("reasoning",),
    keeps_reasoning_details=True,
    keeps_cache_control=True,
    extensions=frozenset({*SAMPLING_EXTENSIONS, "verbosity"}),
)
VLLM = ChatDialect(
    max_tokens_field="max_completion_tokens", reasoning_fields=REASONING_TEXT_FIELDS, extensions=SAMPLING_EXTENSIONS
)
NATIVE = ChatDialect(
    has_result_images=True,
    has_all_efforts=True,
    max_tokens_field="max_completion_tokens",
    has_developer=True,
    reasoning_fields=("reasoning_content",),
    keeps_reasoning_details=True,
    keeps_cache_control=True,
    extensions=SAMPLING_EXTENSIONS,
    max_user_chars=None,
    is_verbatim=True,
)
"""Provider that translates chats itself, and needs all that a request contains."""
NATIVE_WITHOUT_SERIAL_CALLS = replace(NATIVE, has_serial_calls=False, has_result_images=False)
BEDROCK = replace(NATIVE, has_serial_calls=False, effort_models=re.compile(r"claude|nova-2|openai\."))
DEPLOYMENT = ChatDialect(
    has_all_efforts=True,
    max_tokens_field="max_completion_tokens",
    has_developer=True,
    reasoning_fields=("reasoning_content",),
    extensions=SAMPLING_EXTENSIONS,
    is_verbatim=True,
)
"""Deployment of Vong's own engines."""
HOST_DIALECTS: Mapping[str, ChatDialect] = {
    "api.openai.com": OPENAI,
    "openai.azure.com": AZURE,
    "services.ai.azure.com": AZURE,
    "api.deepseek.com": DEEPSEEK,
    "api.moonshot.ai": MOONSHOT,
    "api.moonshot.cn": MOONSHOT,
    "api.x.ai": XAI,
    "api.groq.com": GROQ,
    "api.mistral.ai": MISTRAL,
    "openrouter.ai": OPENROUTER,
}
"""Dialects of public APIs that are called with the kind `openai`, by host or by the end of it."""


def dialect_of(url: str) -> ChatDialect:
    """Return the dialect of the API at a URL."""
    host = (urlsplit(url).hostname or "").lower()
    for known, dialect in HOST_DIALECTS.items():
        if host == known or host.endswith(f".{known}"):
            return dialect
    return GENERIC


def provider_dialect(provider: object) -> ChatDialect:
    """Return the dialect of a provider. One that names none is treated as a server at an unknown address."""
    dialect = getattr(provider, "chat_dialect", None)
    return dialect if isinstance(dialect, ChatDialect) else GENERIC
