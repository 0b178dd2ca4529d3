"""Simulated releases: false promotions and time to the decision, beside a fixed-sample test and naive peeking.

`python -m benchmarks.release` simulates 1,000 releases for each of ten true effects, prints a table in Markdown and
writes `benchmarks/release.svg`. Scores are 0 or 1, the incumbent's mean is 0.6. Traffic follows the default steps (5,
25 and 50 %, five pairs each at the first two), pairs are built as in production, and a sample of the releases is
compared with `vong.loop.sequential`, which decides about real ones.
"""

import argparse
import math
import time
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vong.loop.release_records import ReleasePlan
from vong.loop.sequential import (
    DecisionRules,
    PairedBlock,
    betting_fractions,
    compute_evidence,
    decide,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EFFECTS = (-0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
BASE = 0.6
CHECKED = 3
"""Releases per effect whose decision is compared with that of the production code."""
PROMOTE, ROLL_BACK, KEEP = 1, -1, 0


class Traffic(NamedTuple):
    """Pairs of many releases, shape [releases, pairs]: mean scores of both sides and the scored requests of a pair."""

    candidate: Floats
    incumbent: Floats
    requests: Integers


class Decisions(NamedTuple):
    """Decision of each release, and the pair at which it was made."""

    verdict: Integers
    pair: Integers


class EffectRow(NamedTuple):
    """Results for one true effect."""

    effect: float
    sequential: Decisions
    fixed: Decisions
    peeking: Decisions
    requests: Integers


def simulate(effect: float, releases: int, plan: ReleasePlan, generator: np.random.Generator) -> Traffic:
    """Draw the pairs of releases. A pair ends once both sides have a score, as `sequential.pair_up` builds it."""
    pairs = plan.max_pairs
    steps = [plan.steps[min(i // max(plan.step_pairs, 1), len(plan.steps) - 1)] for i in range(pairs)]
    share = np.broadcast_to(np.array(steps), (releases, pairs))
    candidate_first = generator.random((releases, pairs)) < share
    more = np.where(candidate_first, generator.geometric(1 - share), generator.geometric(share))
    ours = np.where(candidate_first, more, 1)
    theirs = np.where(candidate_first, 1, more)
    candidate = generator.binomial(ours, min(1.0, BASE + effect)) / ours
    incumbent = generator.binomial(theirs, BASE) / theirs
    return Traffic(candidate, incumbent, (ours + theirs).astype(np.int64))


def decide_sequentially(traffic: Traffic, rules: DecisionRules) -> Decisions:
    """Return the decisions of the test of releases, as `sequential.decide` makes them."""
    values = (traffic.candidate - traffic.incumbent + 1) / 2
    threshold = 2 / rules.alpha
    numbers = np.arange(1, values.shape[1] + 1)
    lower_claim = 0.0 if rules.goal == "better" else -rules.margin
    better = (_e_process(values, (lower_claim + 1) / 2) >= threshold) & (numbers >= rules.min_pairs)
    worse = _e_process(1 - values, (rules.margin + 1) / 2) >= threshold
    return _first(better, worse)


def decide_at_the_end(traffic: Traffic, rules: DecisionRules) -> Decisions:
    """Return the decisions of one test after the last pair, with the same error per side."""
    statistic = _t_statistics(traffic.candidate - traffic.incumbent)
    end = np.zeros(statistic.shape, dtype=bool)
    end[:, -1] = True
    bound = NormalDist().inv_cdf(1 - rules.alpha / 2)
    return _first(end & (statistic > bound), end & (statistic < -bound))


def decide_by_peeking(traffic: Traffic, rules: DecisionRules) -> Decisions:
    """Return the decisions of the same test, repeated after every pair until it is significant."""
    statistic = _t_statistics(traffic.candidate - traffic.incumbent)
    looks = np.arange(1, statistic.shape[1] + 1) >= rules.min_pairs
    bound = NormalDist().inv_cdf(1 - rules.alpha / 2)
    return _first(looks & (statistic > bound), looks & (statistic < -bound))


def check_against_production(traffic: Traffic, rules: DecisionRules, found: Decisions) -> None:
    """Compare the first decisions with those of the code that decides about real releases.

    Raises: AssertionError if one differs.
    """
    for index in range(min(CHECKED, len(found.verdict))):
        rows = zip(traffic.candidate[index], traffic.incumbent[index], strict=True)
        pairs = [PairedBlock(float(ours), float(theirs), 1, 1) for ours, theirs in rows][: found.pair[index]]
        last = compute_evidence(pairs, rules, start=len(pairs) - 1)[0]
        expected = {PROMOTE: "promote", ROLL_BACK: "roll_back", KEEP: "no_difference"}[int(found.verdict[index])]
        assert decide(last, rules) == expected, (index, decide(last, rules), expected)
        if len(pairs) > 1:
            before = compute_evidence(pairs[:-1], rules, start=len(pairs) - 2)[0]
            assert decide(before, rules) == "keep_going"


def run_simulation(releases: int = 1000, plan: ReleasePlan | None = None, seed: int = 20_261) -> list[EffectRow]:
    """Simulate releases for each effect."""
    plan, generator = plan or ReleasePlan(), np.random.default_rng(seed)
    rows: list[EffectRow] = []
    for effect in EFFECTS:
        traffic = simulate(effect, releases, plan, generator)
        found = decide_sequentially(traffic, plan.rules)
        check_against_production(traffic, plan.rules, found)
        requests = np.cumsum(traffic.requests, axis=1)[np.arange(releases), found.pair - 1]
        fixed, peeking = decide_at_the_end(traffic, plan.rules), decide_by_peeking(traffic, plan.rules)
        rows.append(EffectRow(effect, found, fixed, peeking, requests))
    return rows


def to_markdown(rows: list[EffectRow]) -> str:
    """Return the results as a table."""
    lines = [
        "| true effect | promoted | rolled back | kept | pairs to the decision, median (90 %) | scored requests, "
        "median | fixed sample: promoted | peeking: promoted |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        shares = [f"{np.mean(row.sequential.verdict == verdict):.1%}" for verdict in (PROMOTE, ROLL_BACK, KEEP)]
        pairs = f"{np.median(row.sequential.pair):.0f} ({np.quantile(row.sequential.pair, 0.9):.0f})"
        others = [f"{np.mean(one.verdict == PROMOTE):.1%}" for one in (row.fixed, row.peeking)]
        cells = [f"{row.effect:+.2f}", *shares, pairs, f"{np.median(row.requests):,.0f}", *others]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(rows: list[EffectRow], file: Path) -> None:
    """Draw the delay of correct decisions and the shares of promotions versus the effect."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "release"
    figure, (delay, promotions) = pyplot.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    decided = [row for row in rows if row.effect != 0]
    effects = [row.effect for row in decided]
    for name, colour, label in (
        ("sequential", "#4f46e5", "release"),
        ("fixed", "#6b7280", "fixed sample"),
        ("peeking", "#dc2626", "naive peeking"),
    ):
        quantiles = np.array([_delay_quantiles(getattr(row, name)) for row in decided])
        delay.plot(effects, quantiles[:, 1], marker="o", color=colour, label=label)
        delay.fill_between(effects, quantiles[:, 0], quantiles[:, 2], color=colour, alpha=0.12, linewidth=0)
        shares = [float(np.mean(getattr(row, name).verdict == PROMOTE)) for row in rows]
        promotions.plot([row.effect for row in rows], shares, marker="o", color=colour, label=label)
    delay.set(
        xlabel="true effect", ylabel="pairs to the decision", yscale="log", title="Detection delay (median, 10-90 %)"
    )
    promotions.axhline(0.05, color="#111827", linewidth=0.8, linestyle=":")
    promotions.axvline(0.0, color="#111827", linewidth=0.8, linestyle=":")
    promotions.set(xlabel="true effect", ylabel="share of promotions", title="Promotions (false left of 0)")
    for axis in (delay, promotions):
        axis.grid(alpha=0.25)
    promotions.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    """Run the simulation and write its table and its plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.release", description=__doc__)
    parser.add_argument("--releases", type=int, default=1000, help="releases per effect")
    parser.add_argument("--plot", type=Path, default=Path(__file__).with_suffix(".svg"), help="file of the plot")
    options = parser.parse_args()
    start = time.perf_counter()
    rows = run_simulation(options.releases)
    print(to_markdown(rows))
    draw(rows, options.plot)
    null = [row for row in rows if row.effect <= 0]
    false = max(float(np.mean(row.sequential.verdict == PROMOTE)) for row in null)
    print(f"\nlargest share of false promotions {false:.1%}, {time.perf_counter() - start:.0f} s")


def _e_process(values: Floats, mean: float) -> Floats:
    """Return the e-process of many releases at once, as `sequential.e_process` computes it for one."""
    logs = np.full(values.shape, -math.inf)
    fractions = betting_fractions()
    for fraction in fractions:
        logs = np.logaddexp(logs, np.cumsum(np.log(1 - fraction + fraction * values / mean), axis=1))
    return np.exp(np.minimum(logs - math.log(len(fractions)), 600.0))


def _t_statistics(differences: Floats) -> Floats:
    numbers = np.arange(1, differences.shape[1] + 1)
    mean = np.cumsum(differences, axis=1) / numbers
    square = np.cumsum(differences**2, axis=1) / numbers
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0) * numbers / np.maximum(numbers - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(mean / (deviation / np.sqrt(numbers)))


def _first(better: NDArray[np.bool_], worse: NDArray[np.bool_]) -> Decisions:
    """Return the first decision of each release; a rollback precedes a promotion at the same pair."""
    last = better.shape[1]
    at_better = np.where(better.any(axis=1), better.argmax(axis=1) + 1, last + 1)
    at_worse = np.where(worse.any(axis=1), worse.argmax(axis=1) + 1, last + 1)
    verdict = np.where(at_worse <= at_better, ROLL_BACK, PROMOTE)
    verdict = np.where(np.minimum(at_better, at_worse) > last, KEEP, verdict)
    return Decisions(verdict, np.minimum(np.minimum(at_better, at_worse), last))


def _delay_quantiles(found: Decisions) -> tuple[float, float, float]:
    """Return 10, 50 and 90 % of the pairs to the decision; a release without one counts with its last pair."""
    low, median, high = np.quantile(found.pair, (0.1, 0.5, 0.9))
    return max(1.0, low), max(1.0, median), max(1.0, high)


if __name__ == "__main__":
    main()
