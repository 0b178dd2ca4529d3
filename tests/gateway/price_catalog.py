"""Reduced price catalog of the tests, built in this process once."""

from functools import cache

import msgspec

from vong.gateway.pricing.catalog import build_catalog
from vong.gateway.pricing.catalog_file import CatalogData, PriceCatalog


@cache
def catalog() -> PriceCatalog:
    """Return the catalog as it is read from its file."""
    return PriceCatalog(msgspec.json.decode(msgspec.json.encode(build_catalog()), type=CatalogData))
