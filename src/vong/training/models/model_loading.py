"""Loading of base models, adapters and tokenizers for training, and saving of trained weights."""

import json
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vong.errors import InvalidInput, Misconfigured, MissingExtra
from vong.pretrained_models import load_causal_model
from vong.training.device import Device
from vong.training.models.merging import ADAPTER_CONFIG, copy_tokenizer
from vong.training.rows.chat_template_choice import apply_template_choice
from vong.training.settings import TrainingSettings

if TYPE_CHECKING:
    from vong.training.recipe_interface import TrainingContext

TEMPLATE_FILE = "chat_template.jinja"
"""File with the chat template of a tokenizer."""

MAX_ERROR_CHARACTERS = 300


def load_tokenizer(folder: Path, *, needs_template: bool = True) -> Any:
    """Load the tokenizer of a model or adapter.

    Raises:
        InvalidInput: The folder has no tokenizer, or one without a chat template although one is needed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"the tokenizer of the model cannot be loaded: {str(error)[:MAX_ERROR_CHARACTERS]}",
            "import the model with all of its tokenizer files",
        ) from error
    if needs_template and not tokenizer.chat_template:
        raise InvalidInput(
            "the base model has no chat template", "set chat_template, for example to chatml, or use a tuned base"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_run_tokenizer(context: "TrainingContext", settings: TrainingSettings, *, needs_template: bool = True) -> Any:
    """Load the tokenizer of a run, with the chat template that its settings choose.

    Raises:
        InvalidInput: The tokenizer has no chat template, and one is needed.
    """
    chosen = settings.chat_template
    tokenizer = load_tokenizer(_tokenizer_folder(context), needs_template=needs_template and chosen is None)
    if chosen is not None:
        apply_template_choice(tokenizer, chosen)
    return tokenizer


def load_run_model(context: "TrainingContext", settings: TrainingSettings, device: Device) -> Any:
    """Load the model of a run: the base, for LoRA with a new adapter or with the one that the run continues."""
    model = load_model(context.base, settings, device)
    return model if settings.method == "full" else attach_adapter(model, settings, adapter=context.adapter)


def load_model(base: Path, settings: TrainingSettings, device: Device) -> Any:
    """Load the base model without an adapter.

    Raises:
        InvalidInput: The files are no model that transformers can load, or weights are missing in them.
    """
    from safetensors import SafetensorError

    options = loading_options(settings, device)
    try:
        model, report = load_causal_model(base, output_loading_info=True, **options)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise InvalidInput(
            f"the base model cannot be loaded: {str(error)[:MAX_ERROR_CHARACTERS]}",
            "import a causal language model in safetensors with its config.json",
        ) from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise InvalidInput(
            f"the files of the base model lack {len(missing)} of its weights (first: {missing[0]})",
            "import the complete model",
        )
    model.config.use_cache = False
    prepare_quantized(model)
    return model


def prepare_quantized(model: Any) -> None:
    """Disable bitsandbytes' fast path of evaluation on CPUs in a quantized model. Other models are not changed.

    The path rounds the scales of the 4-bit weights in place, so that a run would continue with other weights after its
    first evaluation than after a resume. It also fails on layers whose width is no multiple of 64.
    """
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)  # a line per layer and step
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def loading_options(settings: TrainingSettings, device: Device) -> dict[str, Any]:
    """Return the options with which `from_pretrained` loads a base for training.

    A frozen base may be bf16 or quantized; trained weights stay fp32.

    Raises:
        InvalidInput: The device does not support the quantization.
        Misconfigured: The library of the quantization is not installed.
    """
    import torch

    frozen_half = device.dtype == "bf16" and settings.method == "lora" and device.name != "cpu"
    dtype = torch.bfloat16 if frozen_half else torch.float32
    if settings.quantization == "none":
        return {"dtype": dtype}
    if device.name not in {"cpu", "cuda", "xpu"}:
        raise InvalidInput(
            f"quantization {settings.quantization} does not work on the device {device.name!r}",
            "set quantization to none, or train on a CPU or a CUDA GPU",
        )
    try:
        import bitsandbytes  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except (ImportError, RuntimeError) as error:
        raise Misconfigured(
            f"quantization {settings.quantization} needs bitsandbytes, which cannot be imported: {error}",
            "install it with: pip install bitsandbytes, or set quantization to none",
        ) from error
    from transformers import BitsAndBytesConfig

    quantization: Any = (
        BitsAndBytesConfig(load_in_8bit=True)
        if settings.quantization == "int8"
        else BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    )
    return {"dtype": dtype, "quantization_config": quantization, "device_map": {"": device.name}}


def attach_adapter(
    model: Any, settings: TrainingSettings, task_type: str = "CAUSAL_LM", *, adapter: Path | None = None
) -> Any:
    """Add a new adapter to the base, or load an existing one to continue its training.

    Raises:
        InvalidInput: The target modules do not exist, or the existing adapter does not fit the base.
    """
    from peft import PeftModel, get_peft_model

    from vong.training.models.target_modules import check_modules

    if adapter is None:
        check_modules(settings.target_modules, [name for name, _ in model.named_modules()])
        try:
            return get_peft_model(model, build_adapter_config(settings, task_type))
        except ValueError as error:
            raise InvalidInput(
                f"no adapter can be added to the base: {str(error)[:MAX_ERROR_CHARACTERS]}",
                "set target_modules to all-linear or to linear layers of the base",
            ) from error
    try:
        tuned = PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
    except (RuntimeError, ValueError) as error:
        raise InvalidInput(
            f"the adapter does not fit its base: {str(error)[:MAX_ERROR_CHARACTERS]}", "set base_adapter to merge"
        ) from error
    # PEFT looks for the configuration of the base under this name when it saves, and on the hub if it is no path.
    tuned.peft_config["default"].base_model_name_or_path = model.name_or_path
    return tuned


def build_adapter_config(settings: TrainingSettings, task_type: str = "CAUSAL_LM") -> Any:
    """Return PEFT's configuration of a new adapter."""
    from peft import LoraConfig

    modules = settings.target_modules
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        use_rslora=settings.adapter == "rslora",
        use_dora=settings.adapter == "dora",
        task_type=task_type,
    )


def reject_adapted_head(model: Any) -> None:
    """Check that the adapter does not change the output head, which TRL's losses read without the adapter.

    Raises:
        InvalidInput: The adapter changes the output head.
    """
    head = model.get_output_embeddings()
    if head is not None and hasattr(head, "base_layer"):
        raise InvalidInput(
            "target_modules includes the output head (lm_head), which this recipe cannot adapt",
            "set target_modules to all-linear, or leave lm_head out",
        )


def restore_precision(model: Any) -> None:
    """Convert trained weights to fp32. TRL converts the adapter of a quantized base to bf16, too coarse for updates."""
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.is_floating_point():
            parameter.data = parameter.data.float()


def save_weights(
    folder: Path, base_ref: str, model: Any, tokenizer: Any, step: int, *, tokenizer_files: Path | None = None
) -> str:
    """Save the current weights atomically in `folder` under `best-STEP` and return that name.

    An adapter refers to its base by ref, not by a path of this machine, so that equal weights are equal bytes
    everywhere. It is saved with the tokenizer in `tokenizer_files` and the current chat template, if they are not those
    of the base.
    """
    name = f"best-{step}"
    temporary = folder / f".{name}"
    shutil.rmtree(temporary, ignore_errors=True)
    # A copy of the adapter may serve as the reference of a preference recipe, and is not part of the result.
    model.save_pretrained(temporary, **({"selected_adapters": ["default"]} if hasattr(model, "peft_config") else {}))
    (temporary / "README.md").unlink(missing_ok=True)
    config = temporary / ADAPTER_CONFIG
    if config.exists():
        values = json.loads(config.read_text()) | {"base_model_name_or_path": base_ref}
        config.write_text(json.dumps(values, indent=2, sort_keys=True))
        if tokenizer_files is not None:
            copy_tokenizer(tokenizer_files, temporary)
            (temporary / TEMPLATE_FILE).write_text(tokenizer.chat_template, encoding="utf-8")
    else:
        tokenizer.save_pretrained(temporary)
    shutil.rmtree(folder / name, ignore_errors=True)
    temporary.rename(folder / name)
    return name


def own_tokenizer_files(context: "TrainingContext", settings: TrainingSettings) -> Path | None:
    """Return the folder of the tokenizer to save with an adapter, or None if the adapter uses that of its base."""
    source = _tokenizer_folder(context)
    return source if settings.chat_template is not None or source == context.adapter else None


def _tokenizer_folder(context: "TrainingContext") -> Path:
    """Return the folder with the tokenizer of a run: the continued adapter's own, or the base's."""
    adapter = context.adapter
    return adapter if adapter is not None and has_tokenizer(adapter) else context.base


def has_tokenizer(folder: Path) -> bool:
    """Check if a folder of weights has a tokenizer of its own."""
    return (folder / "tokenizer_config.json").is_file()
