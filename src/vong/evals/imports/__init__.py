"""Result files of other evaluation programs, read as recorded runs."""

from vong.evals.imports.formats import read_results

__all__ = ["read_results"]
