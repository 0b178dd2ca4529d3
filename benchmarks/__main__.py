"""Measure Vong on this machine: `python -m benchmarks [NAME…]`. Each prints a table; LOG.md keeps dated results."""

import argparse
import os
import time

from benchmarks import gateway, idle, journal, traces_list

BENCHMARKS = {"journal": journal.run, "gateway": gateway.run, "traces_list": traces_list.run, "idle": idle.run}


def main() -> None:
    """Run the named ones, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all where none is named")
    names = parser.parse_args().names or list(BENCHMARKS)
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in names:
        print(f"\n## {name}")
        for label, value in BENCHMARKS[name]():
            print(f"{label:<44} {value}")


if __name__ == "__main__":
    main()
