"""Reduced price catalog: equal to genai-prices for every model, built again when damaged, loaded again later."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random, randrange
from re import _constants as kinds  # pyright: ignore[reportAttributeAccessIssue]
from re import _parser as parser  # pyright: ignore[reportAttributeAccessIssue]
from threading import Event
from typing import Any

import pytest
from genai_prices import Usage as Counted
from genai_prices import types
from genai_prices.data import providers
from genai_prices.data_snapshot import get_snapshot

from tests.gateway.price_catalog import catalog
from vong.app.call_prices import CallPrices
from vong.app.providers import create_provider
from vong.config import ProviderSettings, Settings
from vong.gateway.pricing.catalog import reduce_clause
from vong.gateway.pricing.catalog_file import MAX_MODEL_CHARS, CatalogLoader, MatchRule, PriceCatalog, load_catalog
from vong.gateway.pricing.price_book import PriceBook
from vong.gateway.pricing.prices import ModelPrice, TieredRate
from vong.gateway.pricing.token_types import CATALOG_NAMES
from vong.gateway.upstream.client import UpstreamClient
from vong.records import new_id

DATES = datetime(2025, 6, 1, 2, 30, tzinfo=UTC), datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SAMPLE = 1_000
"""Number of names that `make test` compares."""
COUNTS = {"input_tokens": 250_000, "output_tokens": 1_000, "cache_read_tokens": 4_000}
OPENAI = "https://api.openai.com/v1"


def example(pattern: str) -> str:
    """Return a text that a regular expression of the package matches."""
    return "".join(map(_piece, parser.parse(pattern)))


def _piece(node: Any) -> str:
    kind, value = node
    if kind is kinds.LITERAL:
        return chr(value)
    if kind is kinds.IN:
        first, chosen = value[0]
        if first is kinds.NEGATE:
            return "x"
        return "7" if first is kinds.CATEGORY else chr(chosen if first is kinds.LITERAL else chosen[0])
    if kind is kinds.MAX_REPEAT:
        return "".join(map(_piece, value[2])) * value[0]
    if kind is kinds.SUBPATTERN:
        return "".join(map(_piece, value[3]))
    if kind is kinds.BRANCH:
        return "".join(map(_piece, value[1][0]))
    return "" if kind in (kinds.AT, kinds.ASSERT_NOT) else "x"


def examples(clause: Any) -> list[str]:
    """Return names that a match rule of the package is made for, and names that nearly match."""
    match clause:
        case types.ClauseEquals(text):
            return [text, f"{text}-20251211", f"{text}-2025-12-11", text[:-1]]
        case types.ClauseStartsWith(text):
            return [text, f"{text}-x", f"x-{text}"]
        case types.ClauseEndsWith(text):
            return [text, f"x-{text}", f"{text}-x"]
        case types.ClauseContains(text):
            return [f"x{text}y", text.upper()]
        case types.ClauseRegex(pattern):
            return [example(pattern), f"{example(pattern)}-x"]
        case types.ClauseOr(clauses):
            return [name for one in clauses for name in examples(one)]
        case _:
            return [f"{name}{end}" for one in clause.and_ for name in examples(one) for end in ("", "-tts", "-tts-1")]


def names_of(provider: types.Provider) -> list[str]:
    return [
        name
        for model in provider.models
        for name in (model.id, model.id.upper(), f"{model.id}-20251211", *examples(model.match))
    ]


def every_name() -> list[tuple[str, str]]:
    """Return the address of each provider with the names of its models, and of the models it falls back to."""
    by_id = {provider.id: provider for provider in providers}
    return [
        (example(provider.api_pattern), name)
        for provider in providers
        for source in (provider, *(by_id[id] for id in provider.fallback_model_providers or ()))
        for name in names_of(source)
    ]


def expected(address: str, model: str, at: datetime) -> types.ModelPrice | None:
    """Return the price of the package, or None if there is none or it is not by tokens."""
    try:
        _, found = get_snapshot().find_provider_model(model, None, None, address)
        price = found.get_prices(at)
        price.calc_price(Counted(input_tokens=1))
    except (LookupError, ValueError):
        return None
    return price if price.input_mtok is not None and price.requests_kcount is None else None


def rate(price: Decimal | types.TieredPrices | None) -> TieredRate | None:
    if isinstance(price, types.TieredPrices):
        return TieredRate(
            (price.base, *(tier.price for tier in price.tiers)), tuple(tier.start for tier in price.tiers)
        )
    return None if price is None else TieredRate((price,))


def check_equal(address: str, model: str, at: datetime) -> ModelPrice | None:
    """Compare all rates, and the cost of a call, with the package."""
    own, price, what = catalog().price_at(address, model, at), expected(address, model, at), (address, model, at)
    if price is None or own is None:
        assert own is price, what
        return None
    free = TieredRate((Decimal(0),))
    rates = {kind: rate(getattr(price, name)) for kind, name in CATALOG_NAMES.items()}
    assert own.input == rate(price.input_mtok), what
    assert own.output == (rate(price.output_mtok) or free), what
    assert own.cached == (rate(price.cache_read_mtok) or own.input), what
    assert own.rates_by_type == {kind: one for kind, one in rates.items() if one is not None}, what
    total = price.calc_price(Counted(**COUNTS))["total_price"]
    assert own.cost(250_000, 1_000, 4_000) == round(total * 1_000_000), what
    return own


def test_sampled_prices_equal_those_of_genai_prices() -> None:
    seed = randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    asked = Random(seed).sample(every_name(), SAMPLE)
    found = [check_equal(address, name, at) for address, name in asked for at in DATES]
    assert sum(price is not None for price in found) > SAMPLE // 2, "many names have a price"


@pytest.mark.full
def test_all_prices_equal_those_of_genai_prices() -> None:
    asked = every_name()
    for address, name in asked:
        for at in DATES:
            check_equal(address, name, at)
    seed = randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    random = Random(seed)
    for address in {example(provider.api_pattern) for provider in providers}:  # names of other providers
        for _, name in random.sample(asked, 300):
            check_equal(address, name, DATES[1])


def test_time_dependent_prices_change_at_the_same_time_as_those_of_genai_prices() -> None:
    changing = [
        (example(provider.api_pattern), model.id)
        for provider in providers
        for model in provider.models
        if isinstance(model.prices, list)
    ]
    assert len(changing) > 10
    for address, model in changing:
        at = datetime(2026, 10, 15, tzinfo=UTC)
        for _ in range(10):
            price = check_equal(address, model, at)
            if price is None or price.valid_until is None:
                break
            change = datetime.fromtimestamp(price.valid_until, UTC)
            before = check_equal(address, model, change - timedelta(seconds=1))
            assert before is not None and before[:4] == price[:4], (address, model, at)
            assert change > at
            at = change


def test_combined_match_rules_equal_those_of_genai_prices() -> None:
    starts, ends, has = types.ClauseStartsWith("A.b"), types.ClauseEndsWith("-Z"), types.ClauseContains("+m")
    clauses = [
        types.ClauseAnd([starts, ends]),
        types.ClauseAnd([types.ClauseOr([starts, types.ClauseEquals("x+m-z")]), has, types.ClauseRegex("^(?!.*q)")]),
        types.ClauseOr([types.ClauseAnd([has, ends]), types.ClauseRegex(r"\d$")]),
    ]
    names = ["a.b", "a.b-z", "axb-z", "a.b+m", "a.b+mq", "x+m-z", "+m-z", "x7", "x7\n", "\na.b-z", "a.b\n+m", ""]
    for clause in clauses:
        rules = [MatchRule(0, kind, text) for kind, text in reduce_clause(clause)]
        for name in names:
            assert any(rule.matches(name) for rule in rules) == clause.is_match(name), (clause, name)


def test_a_too_long_name_has_no_price() -> None:
    assert catalog().price_at(OPENAI, "gpt-4o-" + "x" * MAX_MODEL_CHARS, DATES[1]) is None


@pytest.mark.slow
def test_concurrent_processes_rebuild_a_missing_or_damaged_file(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(load_catalog, [folder, folder])
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    price = first.price_at(OPENAI, "gpt-4o", DATES[1])
    assert price is not None
    assert price == second.price_at(OPENAI, "gpt-4o", DATES[1]) == catalog().price_at(OPENAI, "gpt-4o", DATES[1])
    file.write_bytes(whole[: len(whole) // 2])
    assert load_catalog(folder).price_at(OPENAI, "gpt-4o", DATES[1]) == price
    assert file.read_bytes() == whole
    inode = file.stat().st_ino
    load_catalog(folder)
    assert file.stat().st_ino == inode, "a valid file is only read"


def test_a_failed_load_is_repeated_and_never_stored_as_no_price(caplog: pytest.LogCaptureFixture) -> None:
    book, errors, may_succeed = PriceBook({}), [OSError("disk full"), subprocess.TimeoutExpired("build", 60)], Event()
    loaded = Event()

    def load() -> PriceCatalog:
        if errors:
            raise errors.pop()
        may_succeed.wait(60)
        return catalog()

    def on_loaded(found: PriceCatalog) -> None:
        book.catalog = found
        loaded.set()

    loader = CatalogLoader(load, on_loaded, retry_seconds=0.01)
    assert loader.wait(60), "the first attempt ends all waits"
    assert book.price_at("openai/gpt-4o", OPENAI, DATES[1]) is None
    may_succeed.set()
    assert loaded.wait(60)
    assert book.price_at("openai/gpt-4o", OPENAI, DATES[1]) is not None
    messages = [record.getMessage() for record in caplog.records if record.name.endswith("catalog_file")]
    assert len(messages) == 2 and "timed out" in messages[0] and "disk full" in messages[1]


def test_the_catalog_is_read_without_genai_prices(tmp_path: Path) -> None:
    load_catalog(tmp_path)
    program = f"""
import sys
from pathlib import Path
from vong.gateway.pricing.catalog_file import load_catalog
load_catalog(Path({str(tmp_path)!r}))
print("genai_prices" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("provider", "is_billed"),
    [
        (ProviderSettings(base_url=OPENAI), True),
        (ProviderSettings(base_url=OPENAI, api_key_env="VONG_TEST_NO_SUCH_KEY"), False),
        (ProviderSettings(base_url="http://127.0.0.1:9/v1"), False),
    ],
)
def test_only_a_server_that_calls_billed_providers_loads_the_catalog(
    provider: ProviderSettings, is_billed: bool, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, providers={"x": provider})
    prices = CallPrices(settings, {"x": create_provider("x", provider, UpstreamClient())})
    prices.start()
    prices.prepare(new_id(), {}, [])
    prices.stop()
    assert (prices.book.price_at("x/gpt-4o", OPENAI, DATES[1]) is not None) == is_billed
    assert (tmp_path / "cache").exists() == is_billed
