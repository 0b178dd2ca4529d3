"""Scoring of cached answers with BLEU, ROUGE, chrF and JSON scorers, with intervals."""

import json
import os
import random
import time
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from vong.evals.scorers import MetricValue

ANSWERS = int(os.environ.get("VONG_BENCH_ANSWERS", "10000"))
WORDS_PER_ANSWER = 25
SCORERS = ("bleu", "rouge", "chrf", "json_valid", "json_fields")
SEED = 7
VOCABULARY = [
    *("the", "a", "printer", "terminal", "invoice", "refund", "parcel", "customer", "shop", "store", "opens", "closes"),
    *(
        "today",
        "tomorrow",
        "please",
        "check",
        "cable",
        "paper",
        "again",
        "before",
        "after",
        "restart",
        "order",
        "number",
    ),
    *("arrives", "late", "early", "price", "total", "amount", "paid", "cash", "card", "receipt"),
]


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Yield the durations."""
    del options
    pairs = build_pairs(ANSWERS)
    started, used = time.perf_counter(), sum(os.times()[:4])
    scores, intervals = score(pairs)
    seconds, cpu = time.perf_counter() - started, sum(os.times()[:4]) - used
    yield f"{len(pairs):,} answers, {', '.join(SCORERS)}, intervals", f"{seconds:.1f} s, {cpu:.1f} s of CPU"
    yield "BLEU", f"{scores['bleu']:.2f} [{intervals['bleu'][0]:.2f}, {intervals['bleu'][1]:.2f}]"


def build_pairs(count: int) -> list[tuple[str, str]]:
    """Return answers and references that are JSON objects with a text of about 25 words, some of them wrong."""
    generator = random.Random(SEED)
    pairs: list[tuple[str, str]] = []
    for number in range(count):
        words = generator.choices(VOCABULARY, k=WORDS_PER_ANSWER)
        changed = [generator.choice(VOCABULARY) if generator.random() < 0.3 else word for word in words]
        label = generator.choice(["high", "low"])
        answer = {"text": " ".join(changed), "urgency": label if number % 5 else "unknown"}
        pairs.append((json.dumps(answer), json.dumps({"text": " ".join(words), "urgency": label})))
    return pairs


def score(pairs: list[tuple[str, str]]) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Return the totals and their 95 % intervals, computed by one process per core."""
    from vong.evals import scoring

    cores = max(1, min(2, os.cpu_count() or 1))
    parts = [pairs[start::cores] for start in range(cores)]
    with ProcessPoolExecutor(cores) as pool:
        measured = [values for part in pool.map(measure, parts) for values in part]
    scorers = scoring.build_scorers(SCORERS)
    return scoring.compute_totals(scorers, measured), compute_intervals(measured)


def measure(pairs: list[tuple[str, str]]) -> list[dict[str, MetricValue]]:
    """Return the metrics of a part."""
    from vong.evals import scoring

    scorers = scoring.build_scorers(SCORERS)
    return [scoring.score_output(scorers, answer, reference) for answer, reference in pairs]


def compute_intervals(measured: list[dict[str, MetricValue]]) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of every metric."""
    import numpy as np

    from vong.evals import scoring
    from vong.evals.statistics import bootstrap_total

    scorers = scoring.build_scorers(SCORERS)
    intervals: dict[str, tuple[float, float]] = {}
    for metric in measured[0]:
        rows = np.array([values[metric].statistics for values in measured if metric in values])
        scorer = scoring.find_scorer(scorers, metric)
        interval = bootstrap_total(rows, scorer.total if scorer else None, seed=SEED)
        intervals[metric] = (interval.low, interval.high)
    return intervals
