"""Measure Vong on this machine: `python -m benchmarks [NAME…]`. Each prints a table; LOG.md keeps dated results."""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module

BENCHMARKS = ("journal", "gateway", "gateway_workers", "gateway_memory", "traces_list", "idle")
LONG = ("soak",)
"""Measured only where they are named."""


def main() -> None:
    """Run the named ones, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, *LONG, []], help="which; all but soak where none is named"
    )
    parser.add_argument("--rounds", type=int, default=3, help="gateway: rounds, of which the medians are told")
    parser.add_argument("--seconds", type=float, default=5.0, help="gateway: how long each load lasts")
    parser.add_argument("--peers", nargs="*", default=[], help="gateway: which peers; all where none is named")
    parser.add_argument("--install", nargs="*", default=[], help="gateway: peers to install into the cache first")
    parser.add_argument("--cache", default="~/.cache/vong-bench", help="gateway: where programs and peers are kept")
    parser.add_argument("--requests", type=int, default=1_000_000, help="gateway_memory: how many requests")
    parser.add_argument("--minutes", type=float, default=10.0, help="soak: how long the load lasts")
    parser.add_argument("--seed", type=int, default=1, help="soak: of all that is left to chance")
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
