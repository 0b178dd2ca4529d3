"""Defaults of a deployment apply to requests that do not set the field."""

import json
from typing import Any

import pytest

from vong.serving.engine.protocol.request_defaults import apply_defaults

DEFAULTS = {"triage@1": {"temperature": 0.2, "max_tokens": 64, "stop": ["<end>"], "system": "Be brief."}}
USER = {"role": "user", "content": "hi"}
SYSTEM = {"role": "system", "content": "Be brief."}


def apply(**fields: Any) -> dict[str, Any]:
    return json.loads(apply_defaults(json.dumps(fields).encode(), DEFAULTS))


def test_missing_and_null_fields_get_their_defaults() -> None:
    found = apply(model="triage@1", messages=[USER], temperature=None)
    assert found == {
        "model": "triage@1",
        "messages": [SYSTEM, USER],
        "temperature": 0.2,
        "max_tokens": 64,
        "stop": ["<end>"],
    }


@pytest.mark.parametrize("role", ["system", "developer"])
def test_what_a_caller_sets_remains(role: str) -> None:
    own = [{"role": role, "content": "Be long."}, USER]
    found = apply(model="triage@1", messages=own, temperature=0, max_completion_tokens=5, stop=[])
    assert found == {
        "model": "triage@1",
        "messages": own,
        "temperature": 0,
        "max_completion_tokens": 5,
        "stop": [],
    }


def test_other_models_and_damaged_bodies_are_not_changed() -> None:
    for body in (b'{"model": "other", "messages": []}', b"{", b"[]", b'{"model": null}'):
        assert apply_defaults(body, DEFAULTS) == body
    assert apply(model="triage@1", prompt="hi") | {"messages": None} == {
        **{"model": "triage@1", "prompt": "hi", "temperature": 0.2, "max_tokens": 64, "stop": ["<end>"]},
        "messages": None,
    }
