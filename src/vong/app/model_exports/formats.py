"""Files of each export format, built in a folder from the downloaded version."""

import json
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vong.app.model_exports.requests import GGUF_FORMATS, Candidate
from vong.errors import InvalidInput
from vong.records import Message, ModelVersion
from vong.registry import chat_format
from vong.registry.bundle import is_tokenizer_file
from vong.training.export.gguf_export import write_gguf
from vong.training.export.gguf_export.vocabulary import adds_bos, end_token_ids
from vong.training.models.quantized_weights import write_quantized

OLLAMA_MAX_CONTEXT = 8192
"""Largest context that a Modelfile sets; Ollama's own default cuts longer prompts without a message."""

Report = Callable[[float, str], None]
"""Function that reports the finished share of a step, and what it does."""


@dataclass
class ExportSource:
    """Version to export: its record, the folder of its complete base, and of its adapter if it is one."""

    version: ModelVersion
    base: Path
    adapter: Path | None
    conversations: list[tuple[Message, ...]]
    notes: list[str] = field(default_factory=list[str])


def build(source: ExportSource, candidate: Candidate, work: Path, target: Path, report: Report) -> None:
    """Write the files of an export to `target`. Intermediate results in `work` are used again by a later attempt."""
    target.mkdir(parents=True, exist_ok=True)
    if candidate.format == "safetensors":
        copy_files(source.adapter or source.base, target)
        if source.adapter:
            copy_tokenizer(source.base, target)
            source.notes.append("an adapter: load it on top of the base that adapter_config.json names")
        return
    merged = merge(source, work, report)
    if candidate.format in GGUF_FORMATS:
        name = f"{source.version.name}-{candidate.quantization}.gguf"
        write_gguf(
            merged,
            target / name,
            str(candidate.quantization),
            lambda *step: report(0.2 + 0.6 * step[0] / step[1], step[2]),
        )
        if candidate.format == "ollama":
            write_modelfile(source, merged, target, name)
    elif candidate.format in {"int8", "int4"}:
        report(0.4, f"quantizing to {candidate.format}")
        write_quantized(merged, target, 8 if candidate.format == "int8" else 4)
        set_end_tokens(target)
    else:
        copy_files(merged, target)
        set_end_tokens(target)
        if candidate.format == "vllm":
            write_vllm_files(source, target)


def merge(source: ExportSource, work: Path, report: Report) -> Path:
    """Return a folder with complete weights: the base, or base and adapter merged."""
    if source.adapter is None:
        return source.base
    from vong.training.models.merging import merge_adapter

    merged = work / "merged"
    if not merged.is_dir():
        report(0.05, "merging the adapter")
        merge_adapter(source.base, source.adapter, merged)
    return merged


def copy_files(folder: Path, target: Path) -> None:
    """Copy all files of a folder, so that the copies may be changed (downloaded files are links to blobs)."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            copy = target / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            shutil.copyfile(path, copy)


def copy_tokenizer(base: Path, target: Path) -> None:
    """Copy tokenizer and chat template of the base, unless the adapter has its own."""
    for path in base.iterdir():
        if (is_tokenizer_file(path.name) or path.name == "chat_template.jinja") and not (target / path.name).exists():
            shutil.copyfile(path, target / path.name)


def set_end_tokens(target: Path) -> None:
    """Write all tokens that end a completion to generation_config.json, which engines read to know when to stop."""
    ends = end_token_ids(target, load_tokenizer(target))
    path = target / "generation_config.json"
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if ends and values.get("eos_token_id") not in (ends, ends[0] if len(ends) == 1 else None):
        path.unlink(missing_ok=True)
        path.write_text(json.dumps({**values, "eos_token_id": ends}, indent=2) + "\n", encoding="utf-8")


def write_vllm_files(source: ExportSource, target: Path) -> None:
    """Write the chat template and a start script for vLLM."""
    template = find_template(target)
    options = ""
    if template:
        (target / "chat_template.jinja").write_text(template, encoding="utf-8")
        options = ' --chat-template "$folder/chat_template.jinja"'
    script = target / "start.sh"
    script.write_text(
        "#!/bin/sh\n"
        "# Serve this folder with vLLM: ./start.sh [more options of `vllm serve`]\n"
        "# --generation-config vllm keeps vLLM from applying sampling defaults that the model was not evaluated with.\n"
        'folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)\n'
        f'exec vllm serve "$folder" --served-model-name {source.version.name}{options} --generation-config vllm "$@"\n',
        encoding="utf-8",
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    source.notes.append("start it with ./start.sh (sh start.sh after an unpacked download)")


def write_modelfile(source: ExportSource, merged: Path, target: Path, gguf_name: str) -> None:
    """Write Ollama's Modelfile and the original chat template."""
    tokenizer = load_tokenizer(merged)
    template = tokenizer.chat_template
    if template:
        (target / "chat_template.jinja").write_text(template, encoding="utf-8")
    translation = translate_template(tokenizer, source.conversations)
    stops = [tokenizer.convert_ids_to_tokens(token) for token in end_token_ids(merged, tokenizer)]
    config = json.loads((merged / "config.json").read_text(encoding="utf-8"))
    context = min(int(config.get("max_position_embeddings", OLLAMA_MAX_CONTEXT)), OLLAMA_MAX_CONTEXT)
    text = chat_format.build_modelfile(gguf_name, translation, stops, context=context, licence=source.version.licence)
    (target / "Modelfile").write_text(text, encoding="utf-8")
    if translation.format is None:
        source.notes.append(f"chat template not translated to Ollama: {translation.reason}")
    source.notes += translation.notes
    source.notes.append(f"create it with: ollama create {source.version.name} -f Modelfile")


def translate_template(tokenizer: Any, conversations: list[tuple[Message, ...]]) -> chat_format.Translation:
    """Translate the tokenizer's chat template for Ollama, checked with the conversations."""
    if not tokenizer.chat_template:
        return chat_format.Translation(None, "the model has no chat template")

    def render(conversation: chat_format.Conversation, add_generation_prompt: bool) -> str:
        return tokenizer.apply_chat_template(
            list(conversation), add_generation_prompt=add_generation_prompt, tokenize=False
        )

    texts = [[{"role": message.role, "content": message.text} for message in one] for one in conversations]
    bos = tokenizer.bos_token if adds_bos(tokenizer) else None
    return chat_format.translate(render, texts, template=tokenizer.chat_template, bos=bos)


def find_template(folder: Path) -> str | None:
    """Return the chat template of a model folder."""
    return load_tokenizer(folder).chat_template


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a folder.

    Raises: InvalidInput if the folder has none.
    """
    from vong.training.models.model_loading import load_tokenizer as load

    if not (folder / "tokenizer_config.json").is_file():
        raise InvalidInput("the version has no tokenizer", "register it with its tokenizer files")
    return load(folder, needs_template=False)
