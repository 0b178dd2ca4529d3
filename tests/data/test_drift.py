"""Drift between training texts and live texts."""

import random

from vong.data.drift import measure_drift

TOPICS = {"bills": "invoice refund charge card money tax", "parcels": "parcel courier late door street box"}


def texts(topic: str, count: int, seed: int, words: str = "the a my is was not please help") -> list[str]:
    source = random.Random(seed)
    return [" ".join(source.choices(words.split() + TOPICS[topic].split(), k=12)) for _ in range(count)]


def test_texts_of_one_distribution_have_no_drift() -> None:
    found = [measure_drift(texts("bills", 150, seed), texts("bills", 150, seed + 1000)) for seed in range(20)]
    assert sum(report.low > 0.5 for report in found if report) <= 2
    assert all(report and report.score < 0.6 for report in found)


def test_a_new_topic_is_drift_and_its_words_are_named() -> None:
    half = texts("bills", 100, 1) + texts("parcels", 100, 2)
    report = measure_drift(texts("bills", 200, 3), half)
    assert report is not None
    assert report.low > 0.65
    assert set(report.words[:6]) == set(TOPICS["parcels"].split())


def test_scripts_without_spaces_count_by_character() -> None:
    reference = [f"请问发票怎么开 {number}" for number in range(40)]
    live = [f"包裹什么时候到 {number}" for number in range(40)]
    report = measure_drift(reference, live)
    assert report is not None and report.low > 0.9


def test_few_texts_are_not_compared() -> None:
    assert measure_drift(["one"] * 19, ["two"] * 50) is None
