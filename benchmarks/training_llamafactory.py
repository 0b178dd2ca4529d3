"""One side of the benchmark `training`: LLaMA-Factory, run by the interpreter of its own virtual environment.

LLaMA-Factory needs other versions of its libraries than Vong, so this file imports nothing from Vong:
`PYTHON benchmarks/training_llamafactory.py BASE FOLDER SETTINGS`. The folder contains the rows in `rows.json` as
LLaMA-Factory's format `alpaca`. The last line of the output is the result as JSON.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Train, and print the tokens, seconds, CPU seconds, peak memory and mean loss of the last quarter."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    os.environ["WANDB_DISABLED"] = "true"
    base, folder, settings = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    (folder / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "rows.json"}}))
    import torch
    from llamafactory.train.sft import workflow
    from llamafactory.train.tuner import run_exp

    torch.manual_seed(0)
    lengths: list[int] = []
    original = workflow.get_dataset

    def get_dataset(*positional: Any, **named: Any) -> Any:
        """Load the rows as LLaMA-Factory does, and count their tokens."""
        module = original(*positional, **named)
        lengths.extend(len(ids) for ids in module["train_dataset"]["input_ids"])
        return module

    workflow.get_dataset = get_dataset
    output = folder / "output"
    started, cpu = time.monotonic(), time.process_time()
    run_exp(build_arguments(base, folder, output, settings))
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu
    history = json.loads((output / "trainer_state.json").read_text())["log_history"]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    last = losses[-max(1, len(losses) // 4) :]
    result = {
        "tokens": settings["epochs"] * sum(lengths),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "loss": sum(last) / len(last),
    }
    print("\n" + json.dumps(result))


def build_arguments(base: Path, folder: Path, output: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return LLaMA-Factory's arguments for the settings of the benchmark."""
    return {
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": str(base),
        "trust_remote_code": False,
        "finetuning_type": "lora",
        "lora_rank": 16,
        "lora_alpha": 32,
        "lora_target": "all",
        "dataset": "rows",
        "dataset_dir": str(folder),
        "template": "smollm2",
        "cutoff_len": 1024,
        "overwrite_cache": True,
        "preprocessing_num_workers": 1,
        "output_dir": str(output),
        "per_device_train_batch_size": settings["batch_size"],
        "gradient_accumulation_steps": 1,
        "learning_rate": settings["learning_rate"],
        "num_train_epochs": settings["epochs"],
        "lr_scheduler_type": "cosine",
        "warmup_steps": 1,
        "disable_gradient_checkpointing": True,
        "bf16": False,
        "fp16": False,
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": False,
    }


if __name__ == "__main__":
    main()
