"""Load of one engine over time: which reports are stored, and when the engine was used last."""

import time
from dataclasses import dataclass, field
from typing import Any

from vong.records import now
from vong.serving.engine_speed import REPORT_INTERVAL_SECONDS, EngineSpeed

MEMORY_REPORT_SECONDS = 5.0
LOAD_REPORT_SECONDS = 1.0
LOAD_FIELDS = ("active", "waiting", "time_to_first_token_ms")
MEASURE_FIELDS = (
    *("slots", "queue_limit", "rejected", "requests", "prompt_tokens", "cached_tokens", "output_tokens"),
    *("tokens_per_second", "first_token", "queue"),
)
"""Measures of an engine that are stored with its memory."""


@dataclass
class LoadReport:
    """Last load that was stored of an engine."""

    stored: dict[str, Any] = field(default_factory=dict[str, Any])
    stored_at: float = 0.0
    memory_stored_at: float = 0.0
    requests: int | None = None
    measures: dict[str, Any] = field(default_factory=dict[str, Any])
    speed: EngineSpeed | None = None
    """Speed of this process that is stored. None for an adopted process until its first report."""
    speed_stored_at: float = 0.0

    def changes(self, health: dict[str, Any], *, is_forced: bool) -> dict[str, Any]:
        """Return the columns of a replica to update after a health report. Unchanged ones are stored now and then."""
        current = time.monotonic()
        load = {name: health[name] for name in LOAD_FIELDS if health.get(name) is not None}
        is_used = bool(health["active"] or health["waiting"]) or self.requests not in (None, health["requests"])
        self.requests = health["requests"]
        if is_used:
            load["used_at"] = now().isoformat()
        elif "used_at" in self.stored:
            load["used_at"] = self.stored["used_at"]
        values: dict[str, Any] = {}
        if is_forced or current - self.memory_stored_at > MEMORY_REPORT_SECONDS:
            self.memory_stored_at = current
            self.measures = {name: health[name] for name in MEASURE_FIELDS if name in health}
            values |= {"memory": health["memory"], "answered_at": now()}
        load["measures"] = self.measures
        if load != self.stored and (is_forced or current - self.stored_at > LOAD_REPORT_SECONDS):
            self.stored, self.stored_at = load, current
            values["load"] = load
        return values

    def measured_speed(self, health: dict[str, Any]) -> EngineSpeed | None:
        """Return the speed measured since the last one returned, or None if there is nothing new to store."""
        total, current = EngineSpeed.from_json(health.get("speed") or {}), time.monotonic()
        if self.speed is None:
            self.speed = total
        if total == self.speed or (any(self.speed) and current - self.speed_stored_at < REPORT_INTERVAL_SECONDS):
            return None
        measured, self.speed, self.speed_stored_at = total.minus(self.speed), total, current
        return measured
