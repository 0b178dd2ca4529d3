"""Benchmark `e2e-nlg`: its whole path on a few rows with a tiny model, and its input files."""

import csv
import gzip
import io
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.e2e_nlg import Data, read_data, run_experiment

MEANING = "name[The {0}], food[{1}], area[riverside]"
NAMES, FOODS = ("Mill", "Vaults", "Eagle", "Punter"), ("Thai", "French", "Indian")


def write_rows(file: Path, rows: list[tuple[str, str]]) -> None:
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows([("mr", "ref"), *rows])
    content = lines.getvalue().encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    pairs = [(name, food) for name in NAMES for food in FOODS]
    rows = [(MEANING.format(*pair), f" The {pair[0]} serves {pair[1]} food £5.") for pair in pairs]
    write_rows(tmp_path / "trainset_rebuilt.csv.gz", rows * 4)
    dev = [(meaning, f"{text} It is a riverside place.") for meaning, text in rows[:3]]
    write_rows(tmp_path / "devset.csv", rows[:3] + dev)
    return read_data(tmp_path)


@pytest.mark.slow
def test_the_experiment_prints_scores_of_the_untuned_and_the_tuned_model(
    data: Data, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data.dev[MEANING.format("Mill", "Thai")] == [
        "The Mill serves Thai food £5.",
        "The Mill serves Thai food £5. It is a riverside place.",
    ]
    monkeypatch.setattr("benchmarks.e2e_nlg.MAX_NEW_TOKENS", 8)
    monkeypatch.setattr("benchmarks.e2e_nlg.VALIDATION_ROWS", 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    options = Namespace(train_rows=16, meanings=2, epochs=1.0, beams=2)
    lines = dict(run_experiment(base, tmp_path / "run", data, options))
    assert lines["rows for training"] == "16 of 48, 1 epochs"
    assert lines["meaning representations of the dev set"] == "2 of 3, 2.0 references each"
    assert " 2 steps" in lines["training"]
    for name in ("untuned, 3 shots", "tuned"):
        assert all(0.0 <= float(lines[f"{name}: {metric}"]) <= 100.0 for metric in ("bleu", "rougeL", "chrf"))
    assert "nrefs:var|case:lc" in lines["signature of bleu"]


def test_a_folder_without_the_files_of_the_challenge_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"must contain devset\.csv"):
        read_data(tmp_path)
