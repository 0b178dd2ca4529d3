"""Load, speed and token price of a deployment."""

from typing import Literal

from vong.records.record import Record


class DeploymentLoad(Record):
    """Load of the replicas of a deployment, a few seconds old.

    `active` completions are running in `slots`, `waiting` ones are queued; beyond `queue_limit` requests are rejected.
    `rejected`, `requests` and the tokens are counted since the processes started; `cached_tokens` are the prompt tokens
    that were read from the prefix cache. `tokens_per_second` are generated now. `prompt_speed` and `output_speed` are
    the tokens that the machine computes per second of its time, None until they were measured.
    """

    active: int = 0
    waiting: int = 0
    slots: int = 0
    queue_limit: int = 0
    rejected: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    tokens_per_second: float = 0.0
    time_to_first_token_ms: float | None = None
    prompt_speed: float | None = None
    output_speed: float | None = None


class DeploymentPrice(Record):
    """Price of a deployment in US dollars per million tokens. None if it is not known yet.

    `source` is `stored` or `settings` for a price that you set, `measured` for one computed from the price of the
    machine and the measured speed, and `unset` if the setting machine_price_per_hour is not set: calls cost nothing.
    A plan also has `estimated` and `unknown`, by its speed.
    """

    input: float | None
    output: float | None
    cached: float | None = None
    source: Literal["stored", "settings", "measured", "unset", "estimated", "unknown"]
    note: str
