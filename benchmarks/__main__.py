"""Run benchmarks on this machine and print a table each: `python -m benchmarks [NAME…]`. LOG.md records the results."""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module

BENCHMARKS = ("span_writer", "gateway", "gateway_workers", "gateway_memory", "traces_list", "idle")
LONG = ("soak", "training", "training_plan")
"""Benchmarks that run only if named."""


def main() -> None:
    """Run the named benchmarks, by default all except the long ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*BENCHMARKS, *LONG, []],
        help="benchmarks to run (default: all but soak, training and training_plan)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="gateway: number of rounds; the table shows medians")
    parser.add_argument("--seconds", type=float, default=5.0, help="gateway: duration of each load")
    parser.add_argument("--peers", nargs="*", default=[], help="gateway: peers to measure (default: all)")
    parser.add_argument("--install", nargs="*", default=[], help="gateway: peers to install into the cache first")
    parser.add_argument("--cache", default="~/.cache/vong-bench", help="gateway: folder of the programs and peers")
    parser.add_argument("--requests", type=int, default=1_000_000, help="gateway_memory: number of requests")
    parser.add_argument("--minutes", type=float, default=10.0, help="soak: duration of the load")
    parser.add_argument("--seed", type=int, default=1, help="soak: seed of the random choices")
    parser.add_argument("--rows", type=int, default=64, help="training: number of sample tickets")
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
