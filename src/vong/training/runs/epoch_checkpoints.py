"""Weights at the end of each epoch, kept as models beside the result of a run."""

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from vong.training.runs.checkpoints import MARKER_FILE, checkpoint_step, latest_checkpoint

TRAINER_FILES = {
    *(MARKER_FILE, "README.md", "optimizer.pt", "scheduler.pt", "scaler.pt", "training_args.bin", "trainer_state.json"),
}
"""Files of a checkpoint that a model does not need."""


class EpochWeights(NamedTuple):
    """Folder of weights, and the optimiser step after which they were saved."""

    step: int
    folder: Path


class EpochCheckpoints:
    """Keeper of the newest checkpoint at the end of each epoch. At most `keep` are kept, the newest ones."""

    def __init__(self, folder: Path, epochs: float, keep: int, base_ref: str) -> None:
        self._folder = folder
        self._epochs = max(epochs, 1e-9)
        self._keep = keep
        self._base_ref = base_ref
        self._epochs_seen = -1

    def on_progress(self, done: float, total: float) -> None:
        """Keep the newest checkpoint if an epoch ended before the step that is reported.

        The checkpoint of a step is written after its report.
        """
        if self._keep < 1 or total <= 1 or done < 1:
            return
        ended = int((done - 1) * self._epochs / total + 1e-9)
        if ended > self._epochs_seen >= 0:
            self.keep_newest()
        self._epochs_seen = max(self._epochs_seen, ended)

    def keep_newest(self) -> None:
        """Copy the weights of the newest complete checkpoint, unless they are kept already."""
        newest = latest_checkpoint(self._folder) if self._keep > 0 else None
        if newest is None:
            return
        target = self._folder / f"epoch-{checkpoint_step(newest[0])}"
        if target.exists():
            return
        partial = self._folder / f".{target.name}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for file in newest[0].iterdir():
            if file.is_file() and file.name not in TRAINER_FILES and not file.name.startswith("rng_state"):
                os.link(file, partial / file.name)  # the trainer deletes its files, but never changes them
        self._name_base(partial / "adapter_config.json")
        partial.rename(target)
        for old in self.weights()[: -self._keep]:
            shutil.rmtree(old.folder, ignore_errors=True)

    def weights(self) -> list[EpochWeights]:
        """Return the kept weights, oldest first."""
        found = [EpochWeights(checkpoint_step(path), path) for path in self._folder.glob("epoch-*")]
        return sorted(found)

    def _name_base(self, config: Path) -> None:
        """Refer to the base by its ref, as the weights of a result do, so that equal weights are equal bytes."""
        if config.exists():
            values = json.loads(config.read_text()) | {"base_model_name_or_path": self._base_ref}
            config.unlink()  # the file of the checkpoint itself must not change
            config.write_text(json.dumps(values, indent=2, sort_keys=True))
