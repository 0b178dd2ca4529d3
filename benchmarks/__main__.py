"""Run benchmarks on this machine and print a table each: `python -m benchmarks [NAME…]`. LOG.md records the results."""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module

BENCHMARKS = (
    *("evals", "evals_compare", "span_writer", "gateway", "gateway_workers", "gateway_memory", "traces_list"),
    "idle",
    "pipelines",
)
LONG = (
    "knowledge_files",
    "knowledge_verification",
    "knowledge_injections",
    "evals_throughput",
    "soak",
    "serving",
    "serving_gateway",
    "training",
    "training_plan",
    "e2e_nlg",
    "closed_loop",
    "knowledge",
    "knowledge_peers",
)
"""Benchmarks that run only if named."""


def main() -> None:
    """Run the named benchmarks, by default all except the long ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        type=lambda name: name.replace("-", "_"),
        choices=[*BENCHMARKS, *LONG, []],
        help=f"benchmarks to run (default: all but {', '.join(LONG)})",
    )
    parser.add_argument("--folders", nargs="*", default=[], help="knowledge_files: folders of documents")
    parser.add_argument("--rounds", type=int, default=3, help="gateway: number of rounds; the table shows medians")
    parser.add_argument("--seconds", type=float, default=5.0, help="gateway: duration of each load")
    parser.add_argument("--peers", nargs="*", default=[], help="gateway: peers to measure (default: all)")
    parser.add_argument("--install", nargs="*", default=[], help="gateway: peers to install into the cache first")
    parser.add_argument("--cache", default="~/.cache/vong-bench", help="gateway: folder of the programs and peers")
    parser.add_argument("--requests", type=int, default=1_000_000, help="gateway_memory: number of requests")
    parser.add_argument("--minutes", type=float, default=10.0, help="soak: duration of the load")
    parser.add_argument("--seed", type=int, default=1, help="soak: seed of the random choices")
    parser.add_argument("--rows", type=int, default=64, help="training: number of sample tickets")
    parser.add_argument(
        "--trainers",
        nargs="*",
        default=[],
        choices=["vong", "trl", "trl with checkpointing"],
        help="training: trainers to measure (default: all)",
    )
    parser.add_argument(
        "--base", help="training_plan: folder of the bundled model in safetensors (default: convert it)"
    )
    parser.add_argument("--runs", nargs="*", type=int, default=[], help="training_plan: numbers of runs (default: all)")
    parser.add_argument("--llamafactory", help="training: Python interpreter of a virtual environment of LLaMA-Factory")
    parser.add_argument("--serving-url", help="serving, serving_gateway: URL of a running server")
    parser.add_argument("--serving-key", default="", help="serving: key of the server")
    parser.add_argument("--serving-model", default="deployment/base", help="serving: model of the server")
    parser.add_argument("--data", help="e2e_nlg, knowledge_*: folder with the data")
    parser.add_argument("--train-rows", type=int, default=800, help="e2e_nlg: rows of the train set")
    parser.add_argument("--meanings", type=int, default=100, help="e2e_nlg: meaning representations of the dev set")
    parser.add_argument("--epochs", type=float, default=1.0, help="e2e_nlg: passes over the training rows")
    parser.add_argument("--beams", type=int, default=1, help="e2e_nlg: beams of generation; 1 is greedy")
    parser.add_argument(
        "--tables",
        nargs="*",
        default=["xquad", "vaswani", "latency", "ingestion"],
        help="knowledge: tables to measure (default: all)",
    )
    parser.add_argument("--retrieval-peers", help="knowledge_peers: Python interpreter with the packages of the peers")
    parser.add_argument("--chunks", type=int, default=100_000, help="knowledge: chunks of the latency table")
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in options.names or BENCHMARKS:
        print(f"\n## {name}", flush=True)
        run: Callable[[argparse.Namespace], Iterator[tuple[str, str]]] = import_module(f"benchmarks.{name}").run
        for label, value in run(options):
            print(f"{label:<44} {value}", flush=True)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
