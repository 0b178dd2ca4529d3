"""Results of a suite run: metrics, threshold checks and the worst slices."""

from vong.records import Record


class SuiteMetric(Record):
    """Metric of an entry over all repeats, with its 95 % interval over the examples.

    `values` has the total of each repeat. `within_error` is the standard error over the examples, `between_deviation`
    the standard deviation between repeats (null for a single one): a difference between models below it may be due to
    sampling alone.
    """

    entry: int
    scorer: str
    n: int
    value: float
    low: float
    high: float
    values: tuple[float, ...]
    within_error: float
    between_deviation: float | None = None
    higher_is_better: bool | None = True


class SuiteCheck(Record):
    """Result of a threshold. `value` is null if no example of the slice has the metric; the check then fails.

    `share` is the share of answers that have the metric, `reason` says why a check failed.
    """

    entry: int
    scorer: str
    slice: str | None = None
    direction: str
    bound: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    share: float | None = None
    passed: bool
    reason: str = ""
    confident: bool = False


class WorstSlice(Record):
    """Slice whose mean is worse than that of the other examples, with a permutation test.

    `adjusted_p` is Holm's correction over all slices and metrics of the suite run.
    """

    entry: int
    scorer: str
    slice: str
    n: int
    value: float
    rest: float
    p: float
    adjusted_p: float
