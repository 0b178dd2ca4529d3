"""Trainer of distillation by logits: the student learns the teacher's distribution over the next token."""

from pathlib import Path
from typing import Any

from vong.errors import InvalidInput
from vong.training.device import Device
from vong.training.models.model_loading import load_causal_model, load_tokenizer
from vong.training.rows.tokenization import IGNORED_LABEL
from vong.training.trainers.trainer import MODEL_INPUTS, build_completion_trainer, compute_logits, spread_weights


def build_logit_trainer() -> type[Any]:
    """Build the trainer class. A function defers the import of torch.

    The loss of a completion token is `(1 - w) * NLL + w * T² * KL(teacher || student)`, with both distributions at
    temperature T (Hinton et al., 2015). Evaluations use the NLL, as fine-tuning does. Embeddings of both models may be
    padded to different sizes: tokens that no tokenizer has are left out.
    """
    import torch
    from torch.nn.functional import cross_entropy, kl_div

    class LogitTrainer(build_completion_trainer()):
        teacher: Any = None
        teacher_weight = 0.5
        temperature = 1.0

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if not model.training or return_outputs:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            weights = inputs.pop("weights")
            inputs.pop("token_count", None)
            labels = inputs["labels"][:, 1:]
            in_loss = labels != IGNORED_LABEL
            tokens = {name: inputs[name] for name in MODEL_INPUTS if name in inputs}
            pupil = self.accelerator.unwrap_model(model)
            pupil = pupil.get_base_model() if hasattr(pupil, "get_base_model") else pupil
            with torch.no_grad():
                teacher = compute_logits(self.teacher, tokens, in_loss).float()
            with self.accelerator.autocast():
                student = compute_logits(pupil, tokens, in_loss)
            student = student.float()
            size = min(teacher.shape[-1], student.shape[-1])
            own = (student[:, :size] / self.temperature).log_softmax(-1)
            wanted = (teacher[:, :size] / self.temperature).log_softmax(-1)
            del teacher
            divergence = kl_div(own, wanted, reduction="none", log_target=True).sum(-1) * self.temperature**2
            likelihood = cross_entropy(student, labels[in_loss], reduction="none")
            losses = (1 - self.teacher_weight) * likelihood + self.teacher_weight * divergence
            accuracy = (student.detach().argmax(-1) == labels[in_loss]).float().mean().item()
            self._metrics["train"]["mean_token_accuracy"].append(accuracy)
            token_weights = spread_weights(weights, labels).to(losses.device)[in_loss]
            count = in_loss.sum() if num_items_in_batch is None else num_items_in_batch
            return (losses * token_weights).sum() / torch.as_tensor(count).clamp(min=1)

    return LogitTrainer


def load_teacher(folder: Path, device: Device) -> Any:
    """Load the weights of a teacher, which are not trained."""
    import torch

    dtype = torch.bfloat16 if device.dtype == "bf16" and device.name != "cpu" else torch.float32
    teacher: Any = load_causal_model(folder, dtype=dtype)
    teacher.requires_grad_(False)
    return teacher.to(device.name).eval()


def check_same_tokenizer(student: Any, teacher_folder: Path, teacher: str) -> None:
    """Check that a teacher reads and writes the same tokens as the student.

    Raises:
        InvalidInput: The vocabularies differ, or they split text differently.
    """
    other = load_tokenizer(teacher_folder, needs_template=False)
    own_tokens, other_tokens = student.get_vocab(), other.get_vocab()
    hint = "use a teacher of the same family, or set source to answers, which needs no common tokenizer"
    shared = own_tokens.keys() & other_tokens.keys()
    moved = sorted(token for token in shared if own_tokens[token] != other_tokens[token])
    different = own_tokens.keys() ^ other_tokens.keys()
    # Added tokens at the end, such as reserved ones, do not change how text is split.
    first_added = min((max(own_tokens.values()), max(other_tokens.values()))) + 1
    inner = [token for token in different if (own_tokens | other_tokens)[token] < first_added]
    if moved or inner:
        example = (moved or sorted(inner))[0]
        raise InvalidInput(
            f"the teacher {teacher!r} has another tokenizer ({len(other_tokens)} tokens, the student "
            f"{len(own_tokens)}): {len(moved) + len(inner)} tokens differ, for example {example!r}",
            hint,
        )
    for text in ("Xin chào, thế giới! 123 456", "for i in range(10):\n\tprint(i)\n", "naïve café 東京 🙂"):
        if student(text, add_special_tokens=False)["input_ids"] != other(text, add_special_tokens=False)["input_ids"]:
            raise InvalidInput(f"the teacher {teacher!r} splits text into other tokens than the student", hint)
