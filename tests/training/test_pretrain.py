import random
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.training.factories import Recorder, rows
from tests.training.test_job import Job
from vong import data, registry
from vong.app import Platform
from vong.app import training as wired
from vong.errors import InvalidInput, JobCancelled
from vong.jobs import JobContext
from vong.records import Example, Message, Operation
from vong.training import TrainingContext, TrainingResult
from vong.training.models.model_loading import load_tokenizer
from vong.training.models.model_size import count_parameters, propose_size
from vong.training.recipes.continue_pretraining import ContinueRecipe
from vong.training.recipes.pretrain import PretrainRecipe
from vong.training.recipes.pretrain_settings import ContinueSettings, PretrainSettings
from vong.training.rows.byte_bpe import SPECIAL_TOKENS, encode_documents, iter_training_pieces, train_tokenizer
from vong.training.rows.corpus import Documents, PackedCorpus, pack_documents, prefix_tokens

SENTENCES = (
    "Hà Nội là thủ đô của nước Việt Nam.",
    "Mùa thu Hà Nội rất đẹp.",
    "Sông Hồng chảy qua thành phố.",
    "Tôi yêu tiếng nước tôi.",
)
SMALL = {
    "block_size": 32,
    "batch_size": 8,
    "parameters": 45_000,
    "vocab_size": 300,
    "learning_rate": 1e-2,
    "samples": 0,
}


def documents(count: int, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    return [Example(text=" ".join(rng.choices(SENTENCES, k=5))) for _ in range(count)]


def pretrain(folder: Path, settings: dict[str, Any], reporter: Recorder, train: list[Example] | None = None) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    context = TrainingContext(
        base=Path(),
        base_ref="",
        train=train or documents(40),
        validation=documents(8, seed=1),
        settings=PretrainSettings.model_validate({**SMALL, **settings}),
        folder=folder,
        threads=1,
    )
    return PretrainRecipe().train(context, reporter)


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingResult, Recorder]:
    recorder = Recorder()
    return pretrain(tmp_path_factory.mktemp("pretrain"), {"epochs": 12}, recorder), recorder


@pytest.mark.slow
def test_a_model_from_scratch_learns_the_language_of_its_corpus(pretrained: tuple[TrainingResult, Recorder]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    result, recorder = pretrained
    losses = recorder.series("loss")
    assert sum(losses[-5:]) / 5 < 0.4 * losses[0]
    perplexities = recorder.series("eval_perplexity")
    assert perplexities[0] > 2 * perplexities[-1]
    assert recorder.series("eval_bits_per_byte")[-1] < 0.6
    assert (result.kind, result.summary["documents"], result.summary["validation_documents"]) == ("base", 40, 8)
    model: Any = AutoModelForCausalLM.from_pretrained(result.folder)
    tokenizer: Any = AutoTokenizer.from_pretrained(result.folder)
    assert sum(one.numel() for one in model.parameters()) == result.summary["parameters"]
    ids = tokenizer("Sông", return_tensors="pt")["input_ids"]
    written = tokenizer.decode(model.generate(input_ids=ids, max_new_tokens=60, do_sample=False)[0])
    known = {word for sentence in SENTENCES for word in sentence.split()}
    words = written.replace("<|endoftext|>", " ").split()[:-1]  # the last word may be incomplete
    assert len(words) > 5
    assert sum(word in known for word in words) / len(words) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["pretrain", "continue"])
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(recipe: str, base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 2, "checkpoint_every": 2, "eval_every": 3}

    def run(name: str, reporter: Recorder) -> TrainingResult:
        if recipe == "pretrain":
            return pretrain(tmp_path / name, settings, reporter)
        return continue_training(base, tmp_path / name, {**settings, "lora_dropout": 0.1}, reporter)

    whole, broken, again = Recorder(), Recorder(cancel_at=5), Recorder()
    uninterrupted = run("whole", whole)
    with pytest.raises(JobCancelled):
        run("broken", broken)
    resumed = run("broken", again)
    assert again.lines[0 if recipe == "continue" else 1] == "resuming from checkpoint-4"
    files = sorted(file.name for file in uninterrupted.folder.iterdir())
    assert files == sorted(file.name for file in resumed.folder.iterdir())
    for name in files:
        assert (resumed.folder / name).read_bytes() == (uninterrupted.folder / name).read_bytes(), name
    assert whole.series("loss") == broken.series("loss")[:4] + again.series("loss")


def continue_training(base: Path, folder: Path, settings: dict[str, Any], reporter: Recorder) -> TrainingResult:
    folder.mkdir(parents=True, exist_ok=True)
    values = {"block_size": 64, "batch_size": 8, "lora_rank": 4, "learning_rate": 1e-2, "samples": 0, **settings}
    context = TrainingContext(
        base=base,
        base_ref="tiny@0123456789ab",
        train=documents(20),
        validation=documents(4, seed=1),
        settings=ContinueSettings.model_validate(values),
        folder=folder,
        threads=1,
    )
    return ContinueRecipe().train(context, reporter)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_base_is_trained_further_on_documents(method: str, base: Path, tmp_path: Path, recorder: Recorder) -> None:
    result = continue_training(base, tmp_path / "run", {"method": method}, recorder)
    assert result.kind == ("adapter" if method == "lora" else "merged")
    losses = recorder.series("eval_loss")
    assert losses[-1] < 0.9 * losses[0]
    assert result.summary["best_eval_loss"] == min(losses)
    assert result.summary["last_eval_perplexity"] > 1


def test_a_block_longer_than_the_context_of_the_base_is_rejected(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="block_size is 4096, but the base has a context of 2048"):
        continue_training(base, tmp_path / "run", {"block_size": 4096}, Recorder())


TEXTS = (
    "Tiếng Việt: Trường Sa, nghiêng ngả, khuỷu tay — 'ưỡn ẹo'.",
    "Tie\u0302\u0301ng Vie\u0323\u0302t",  # decomposed
    "a<|endoftext|>b <|im_start|>user",
    "tab\tline\r\nend \x00 nul \ufeff mark 🙂 漢字 \u200d",
    " ",
    "x" * 5000,
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    texts = [example.text or "" for example in documents(30)]
    return train_tokenizer(texts, 400, tmp_path_factory.mktemp("tokenizer") / "tokenizer")


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_survives_the_tokenizer(tokenizer: Any, text: str) -> None:
    (ids,) = encode_documents(tokenizer, [text])
    assert tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) == text
    assert not set(ids) & {tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}


def test_a_tokenizer_is_trained_once_and_learns_words(tokenizer: Any, tmp_path: Path) -> None:
    assert 259 < len(tokenizer) <= 400
    assert len(tokenizer("thành phố")["input_ids"]) < len("thành phố".encode()) / 2
    assert [tokenizer.convert_ids_to_tokens(number) for number in range(3)] == list(SPECIAL_TOKENS)
    first = train_tokenizer(["ab ab ab"], 400, tmp_path / "tokenizer")
    again = train_tokenizer(["another corpus"] * 5, 400, tmp_path / "tokenizer")
    assert first.get_vocab() == again.get_vocab()


def test_one_gigantic_line_does_not_stall_the_tokenizer() -> None:
    # See https://github.com/huggingface/tokenizers/issues/994: the cost of BPE grows with the square of a word.
    pieces = list(iter_training_pieces(["ACGT" * 100_000, "two words"]))
    assert max(map(len, pieces)) <= 101
    assert "".join(pieces) == "ACGT" * 100_000 + "two words"


@pytest.mark.parametrize("block_size", [4, 7, 64, 10_000])
def test_every_token_is_predicted_exactly_once(tokenizer: Any, block_size: int) -> None:
    texts = ["Sông Hồng", "a", "Tôi yêu tiếng nước tôi. " * 4]
    corpus = pack_documents(tokenizer, Documents([Example(text=text) for text in texts]), block_size)
    blocks = [corpus[index] for index in range(len(corpus))]
    predicted = [token for block in blocks for token in block["labels"]]
    assert predicted == corpus.tokens[1:].tolist()
    assert [len(block["labels"]) for block in blocks] == corpus.lengths
    for block, following in pairwise(blocks):
        assert following["input_ids"][0] == block["labels"][-1]
    end = tokenizer.eos_token_id
    assert corpus.tokens.tolist().count(end) == 4  # one before the first document, and one after each
    assert tokenizer.decode(corpus.tokens).split("<|endoftext|>") == ["", *texts, ""]


def test_a_tokenizer_with_a_beginning_token_writes_it_before_each_document(base: Path) -> None:
    tokenizer: Any = load_tokenizer(base)
    assert prefix_tokens(tokenizer) == []
    from tokenizers import processors

    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)]
    )
    corpus = pack_documents(tokenizer, Documents([Example(text="ab"), Example(text="c")]), 16)
    plain = tokenizer("abc", add_special_tokens=False)["input_ids"]
    assert corpus.tokens.tolist() == [1, *plain[:2], 2, 1, plain[2], 2]
    assert corpus[0]["labels"] == [*plain[:2], 2, -100, plain[2], 2]


def test_an_empty_corpus_has_no_blocks() -> None:
    import numpy as np

    assert len(PackedCorpus(np.zeros(1, dtype=np.int32), 8, 0, 0)) == 0


@pytest.mark.parametrize("tokens", [10**6, 10**7, 10**8, 10**9, 2 * 10**10])
def test_the_proposed_size_follows_the_tokens(tokens: int) -> None:
    config = propose_size(tokens)
    assert tokens / count_parameters(config) == pytest.approx(20, rel=0.15)
    assert config["vocab_size"] * config["hidden_size"] <= 0.41 * count_parameters(config)
    assert config["hidden_size"] % config["num_attention_heads"] == 0


def test_the_proposed_size_can_be_set() -> None:
    config = propose_size(1000, parameters=10_000_000, vocab_size=5000, block_size=1024)
    assert count_parameters(config) == pytest.approx(10_000_000, rel=0.1)
    assert (config["vocab_size"], config["max_position_embeddings"]) == (5000, 1024)


def test_the_count_of_parameters_is_that_of_the_model() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = propose_size(2_000_000)
    own = {name: value for name, value in config.items() if name not in {"architectures", "model_type"}}
    model = LlamaForCausalLM(LlamaConfig(**own))
    assert sum(one.numel() for one in model.parameters()) == count_parameters(config)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"method": "lora"}, "recipe continue"),
        ({"vocab_size": 100}, "greater than or equal to 259"),
        ({"quantization": "nf4"}, "quantiz"),
        ({"block_size": 1}, "greater than or equal to 16"),
    ],
)
def test_settings_that_make_no_sense_are_rejected(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PretrainSettings.model_validate(settings)


def test_a_corpus_smaller_than_a_block_is_one_short_block(tmp_path: Path, recorder: Recorder) -> None:
    result = pretrain(tmp_path / "run", {"epochs": 1, "block_size": 512}, recorder, [Example(text="một hai ba")])
    assert (result.summary["blocks"], result.summary["steps"]) == (1, 1)
    assert any("less than one block of 512" in warning for warning in recorder.warnings)


def test_rows_that_are_no_documents_are_counted(tmp_path: Path, recorder: Recorder) -> None:
    mixed = [*documents(4), *rows(2), Example(text="x", weight=0.0)]
    result = pretrain(tmp_path / "run", {"epochs": 1}, recorder, mixed)
    assert result.summary["documents"] == 4
    assert recorder.warnings == [
        "2 training rows are conversations, not documents, and are left out",
        "1 training rows have the weight 0 and are left out",
    ]
    with pytest.raises(InvalidInput, match="trains on documents"):
        pretrain(tmp_path / "none", {"epochs": 1}, recorder, rows(3))


@pytest.mark.slow
def test_a_run_without_a_base_registers_a_base(
    http: TestClient, platform: Platform, project_id: UUID, tmp_path: Path
) -> None:
    examples = [
        one.model_copy(update={"metadata": {"split": "validation" if number % 5 == 0 else "train"}})
        for number, one in enumerate(documents(20))
    ]
    with platform.scope(project_id) as connection:
        dataset = data.write(connection, platform.blobs, "corpus", examples, Operation(name="import"))
        data.write(connection, platform.blobs, "chats", rows(4), Operation(name="import"))
    request = {"name": "small", "dataset": "corpus", "recipe": "pretrain", "settings": {**SMALL, "epochs": 1}}
    assert (
        "needs a base"
        in http.post("/api/v1/training/runs", json={**request, "recipe": "continue", "settings": {}}).text
    )
    assert "has no base" in http.post("/api/v1/training/runs", json={**request, "base": "tiny"}).text
    refused = http.post("/api/v1/training/runs", json={**request, "dataset": "chats"})
    assert (refused.status_code, "trains on documents" in refused.text) == (422, True)
    started = http.post("/api/v1/training/runs", json=request)
    assert started.status_code == 202, started.text
    params = started.json()["job"]["params"]
    result = wired.train(cast(JobContext, Job(project_id, tmp_path / "job", params)), platform)
    version = http.get(f"/api/v1/registry/versions/{result['model']}").json()
    assert (version["kind"], version["base"], version["dataset"]) == ("base", None, dataset.ref)
    run = http.get(f"/api/v1/experiments/runs/{version['run']}").json()
    assert (run["base"], run["status"]) == ("", "finished")
    curves = {curve["name"] for curve in http.get(f"/api/v1/experiments/runs/{run['id']}/metrics").json()}
    assert {"eval_perplexity", "eval_bits_per_byte", "loss"} <= curves
    back = http.get("/api/v1/registry/lineage", params={"ref": result["model"]}).json()["backwards"]
    assert [child["kind"] for child in back["children"]] == ["run", "dataset"]
    with platform.scope(project_id) as connection:
        assert registry.find(connection, "small").kind == "base"
    answer_in_the_engine(tmp_path / "job", tmp_path / "chat")


def answer_in_the_engine(job_folder: Path, folder: Path) -> None:
    """Fine-tune the model of a job with a chat template, and answer a prompt with the engine of deployments."""
    from vong.serving.engine.transformers.engine import EngineSettings, TransformersEngine
    from vong.training import SftSettings, compute_reference
    from vong.training.recipes.sft import SftRecipe

    folder.mkdir()
    values = {"method": "full", "chat_template": "chatml", "epochs": 1, "batch_size": 4, "samples": 0}
    context = TrainingContext(
        base=next(job_folder.glob("best-*")),
        base_ref="small@0123456789ab",
        train=rows(8),
        validation=rows(4, start=20),
        settings=SftSettings.model_validate(values),
        folder=folder,
        threads=1,
    )
    result = SftRecipe().train(context, Recorder())
    engine = TransformersEngine(result.folder, EngineSettings())
    messages = [Message(role="user", content="xin chào")]
    (reference,) = compute_reference(result.folder, None, [messages])
    assert engine.tokenize(None, [message.model_dump(exclude_none=True) for message in messages]) == reference["ids"]
