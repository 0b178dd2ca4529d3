"""Fields of a chat that callers of other endpoints may add to their requests.

A request at the messages or responses endpoint is translated field by field. Of the fields that the endpoint itself
does not define, only these reach the chat. All others are ignored.
"""

SAMPLING_FIELDS = (
    *("temperature", "top_p", "top_k", "min_p", "seed", "frequency_penalty", "presence_penalty", "logit_bias"),
    *("repetition_penalty", "typical_p", "min_tokens"),
)
SERVER_FIELDS = (
    *("chat_template_kwargs", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar"),
    *("grammar", "enable_thinking", "thinking_budget", "keep_alive", "provider", "models", "transforms", "plugins"),
)
"""Fields of servers that imitate OpenAI."""
NATIVE_FIELDS = (
    *("safetySettings", "cachedContent", "generationConfig"),
    *("guardrailConfig", "performanceConfig", "requestMetadata", "additionalModelRequestFields"),
    *("safety_mode", "documents"),
)
"""Fields of Gemini, Bedrock and Cohere."""
FORWARDED_FIELDS = ("stream", *SAMPLING_FIELDS, *SERVER_FIELDS, *NATIVE_FIELDS)
"""Fields that are sent as the caller wrote them."""
