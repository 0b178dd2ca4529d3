"""Parts in which a CPU computes a batch, one after the other, to need less memory in the same time."""

MIN_PART_TOKENS = 250
"""Tokens of a part from which a CPU computes as fast as with larger ones."""
MAX_REPEATED_SHARE = 0.05
"""Largest share of the tokens that a further part may compute again: the beginning that its rows share."""


def count_parts(batch_size: int, mean_tokens: float, shared_prefix: int = 0) -> int:
    """Return the parts of a batch, 1 or 2. The gradients of the parts are summed, so the step stays the same.

    Half a batch needs about half of the memory for activations. `shared_prefix` is the number of tokens that all rows
    of a part share, and that are computed once per part.
    """
    tokens = shared_prefix + batch_size * (mean_tokens - shared_prefix)
    if batch_size % 2 or tokens / 2 < MIN_PART_TOKENS or shared_prefix > MAX_REPEATED_SHARE * tokens:
        return 1
    return 2
