"""Knowledge: retrieval of bm25s, LangChain and LlamaIndex on Vaswani with the embedding model of Vong.

Run it with `knowledge --tables vaswani` to see the rows of Vong in the same run. `--data` is as in `knowledge`;
`--retrieval-peers` names the interpreter of a virtual environment with the packages of `knowledge_peer_rankings`.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.knowledge import Collection, ndcg, read_vaswani
from vong.knowledge.index.embedders.e5 import E5Embedder


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Measure the rankings of each peer."""
    collection = read_vaswani(Path(options.data, "vaswani"))
    with tempfile.TemporaryDirectory(prefix="vong-bench-") as name:
        folder = Path(name)
        _write_collection(folder, collection)
        script = Path(__file__).with_name("knowledge_peer_rankings.py")
        subprocess.run([options.retrieval_peers, str(script), name], check=True)
        rankings: dict[str, list[list[int]]] = json.loads((folder / "rankings.json").read_text())
    for label, ranked in rankings.items():
        yield f"vaswani, {label}", describe_quality(ranked, collection)


def _write_collection(folder: Path, collection: Collection) -> None:
    documents = list(collection.documents.values())
    questions = [question for question, _ in collection.questions]
    (folder / "documents.json").write_text(json.dumps(documents))
    (folder / "questions.json").write_text(json.dumps(questions))
    embedder = E5Embedder()
    # One text per call, as Vong embeds documents of one chunk: texts that share a batch share the scale of 8 bits.
    vectors = {
        "documents": np.concatenate([embedder.embed_passages([text]) for text in documents]),
        "questions": np.concatenate([embedder.embed_queries([text]) for text in questions]),
    }
    np.savez(folder / "vectors.npz", **vectors)  # pyright: ignore[reportArgumentType]


def describe_quality(ranked: Sequence[Sequence[int]], collection: Collection) -> str:
    """Return the mean nDCG@10 and recall@100 of one ranking of document positions per question."""
    names = list(collection.documents)
    gains: list[float] = []
    recalls: list[float] = []
    for positions, (_, expected) in zip(ranked, collection.questions, strict=True):
        paths = list(dict.fromkeys(names[position] for position in positions))
        gains.append(ndcg(paths, expected, 10))
        recalls.append(len(set(paths[:100]) & expected) / len(expected))
    return f"nDCG@10 {statistics.mean(gains):.3f}, recall@100 {statistics.mean(recalls):.3f}"
