"""Reference for the parity check: the outputs of the model when computed by the training stack."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vong.chat_templates import Conversation
from vong.errors import MissingExtra
from vong.pretrained_models import load_causal_model
from vong.records import Message
from vong.training.models.model_loading import has_tokenizer, load_tokenizer
from vong.training.rows.tokenization import to_template_message

TOP_TOKENS = 20
"""Most likely next tokens whose log-probabilities are returned."""


def compute_reference(
    folder: Path,
    adapter: Path | None,
    prompts: Sequence[str | Sequence[Message]],
    *,
    positions: int = 1,
    max_tokens: int = 32,
) -> list[dict[str, Any]]:
    """Return the reference outputs of each prompt: a conversation, or a text for a model without a chat template.

    Each item has `ids`, the prompt's token ids; `logprobs`, for each of the last `positions` prefixes of the prompt
    (the longest last) the TOP_TOKENS most likely next tokens with their natural log-probabilities (id -> value); and
    `greedy`, the decoded text of at most `max_tokens` tokens, generated greedily.

    Computed in fp32 by transformers and PEFT, one conversation at a time, without padding and without a cache shared
    between conversations.
    """
    try:
        import torch
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    tokenizer = load_tokenizer(
        adapter if adapter is not None and has_tokenizer(adapter) else folder, needs_template=not _are_texts(prompts)
    )
    model: Any = load_causal_model(folder, dtype=torch.float32)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    results: list[dict[str, Any]] = []
    with torch.no_grad():
        for prompt in prompts:
            ids = _encode(tokenizer, prompt)
            input_ids = torch.tensor([ids])
            log_probs = model(input_ids=input_ids).logits[0, -positions:].float().log_softmax(-1)
            likeliest = log_probs.topk(min(TOP_TOKENS, log_probs.shape[-1]))
            output = model.generate(
                input_ids=input_ids,
                attention_mask=torch.ones_like(input_ids),
                max_new_tokens=max_tokens,
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
            pairs = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
            logprobs = [dict(zip(tokens, values, strict=True)) for tokens, values in pairs]
            greedy = tokenizer.decode(output[0, len(ids) :], skip_special_tokens=True)
            results.append({"ids": ids, "logprobs": logprobs, "greedy": greedy})
    return results


def _are_texts(prompts: Sequence[str | Sequence[Message]]) -> bool:
    return all(isinstance(prompt, str) for prompt in prompts)


def _encode(tokenizer: Any, prompt: str | Sequence[Message]) -> list[int]:
    if isinstance(prompt, str):
        return [int(token) for token in tokenizer.encode(prompt)]
    chat = Conversation(tokenizer, [to_template_message(message) for message in prompt])
    return chat.encode(chat.render(generation_prompt=True))
