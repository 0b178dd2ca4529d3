"""Chat templates and small tokenizers in the style of public model families."""

from collections.abc import Sequence
from typing import Any, NamedTuple

STRICT = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/...') }}{% endif %}{% endfor %}"
)


class ChatFamily(NamedTuple):
    """Template, its special tokens (the last one ends an answer), and added tokens that are not special."""

    template: str
    special: tuple[str, ...]
    added: tuple[str, ...] = ()
    system: bool = True
    metaspace: bool = False


FAMILIES = {
    "chatml": ChatFamily(
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    ),
    "llama-2": ChatFamily(
        "{% if messages[0].role == 'system' %}{% set head = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
        "{% set messages = messages[1:] %}{% endif %}" + STRICT + "{% for m in messages %}{% if m.role == 'user' %}"
        "{{ bos_token + '[INST] ' + (head if loop.first and head is defined else '') }}{{ m.content.strip() }} [/INST]"
        "{% else %}{{ ' ' + m.content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
        ("<unk>", "<s>", "</s>"),
        metaspace=True,
    ),
    "llama-3": ChatFamily(
        "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
        "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    "mistral": ChatFamily(
        "{{ bos_token }}" + STRICT + "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
        "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
        ("<s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "</s>"),
        system=False,
        metaspace=True,
    ),
    "gemma": ChatFamily(
        "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}" + STRICT + "{% for m in messages %}<start_of_turn>"
        "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
        ("<bos>", "<start_of_turn>", "<end_of_turn>"),
        system=False,
    ),
    "phi-3": ChatFamily(
        "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
        ("<unk>", "<|end|>", "<|endoftext|>"),
        added=("<|system|>", "<|user|>", "<|assistant|>"),
    ),
    "zephyr": ChatFamily(
        "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + eos_token + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
        ("<s>", "</s>"),
        metaspace=True,
    ),
    "qwen": ChatFamily(
        "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}"
        "\n<tool_call>\n{{ c.function.name | tojson }}: {{ c.function.arguments | tojson }}\n</tool_call>{% endfor %}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        added=("<tool_call>", "</tool_call>"),
    ),
    "command-r": ChatFamily(
        "{{ bos_token }}{% for m in messages %}<|START_OF_TURN_TOKEN|>{{ {'system': '<|SYSTEM_TOKEN|>', 'user': "
        "'<|USER_TOKEN|>', 'assistant': '<|CHATBOT_TOKEN|>'}[m.role] }}{{ m.content | trim }}<|END_OF_TURN_TOKEN|>"
        "{% endfor %}{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}",
        (
            *("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>"),
            "<|END_OF_TURN_TOKEN|>",
        ),
    ),
    "deepseek": ChatFamily(
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}"
        "<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<｜Assistant｜>{% endif %}",
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
        added=("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"),
    ),
    "granite": ChatFamily(
        "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}<|end_of_text|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|start_of_role|>assistant<|end_of_role|>{% endif %}",
        ("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
    ),
    "vicuna": ChatFamily(
        "{% for m in messages %}{{ {'system': '', 'user': 'USER: ', 'assistant': 'ASSISTANT: '}[m.role] + m.content }}"
        "{{ eos_token if m.role == 'assistant' else ' ' }}{% endfor %}"
        "{% if add_generation_prompt %}ASSISTANT: {% endif %}",
        ("<s>", "</s>"),
        metaspace=True,
    ),
}


def create_tokenizer(
    template: str, special: Sequence[str], added: Sequence[str] = (), *, metaspace: bool = False
) -> Any:
    """Return a tokenizer with one token per byte, or per character behind a space mark as of SentencePiece."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    if metaspace:
        letters = ["▁", *(f"<0x{number:02X}>" for number in range(256)), *map(chr, range(33, 127))]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys([*special, *added, *letters]))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=special[0], byte_fallback=metaspace))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in added])
    if metaspace:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        chat_template=template,
        bos_token=special[0],
        eos_token=special[-1],
        pad_token=special[-1],
        clean_up_tokenization_spaces=False,
    )


def family_tokenizer(name: str) -> Any:
    """Return the tokenizer of a family."""
    family = FAMILIES[name]
    return create_tokenizer(family.template, family.special, family.added, metaspace=family.metaspace)
