"""Built-in attack set: templates and payloads, and harmless requests that resemble the attacks."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from vong.prompts.red_team.attacks import Attack, Delivery, Detector, create_attack
from vong.prompts.red_team.encodings import ENCODINGS

BUILTIN = "builtin"
"""Name of the built-in set."""
FILE = Path(__file__).parent / "builtin.yaml"
PERSONA_END = ":"


@cache
def load_builtin() -> tuple[Attack, ...]:
    """Return the built-in set in a fixed order, without duplicates."""
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    attacks = [*_direct(content), *_indirect(content), *_harmful(content), *_harmless(content)]
    return tuple({attack.id: attack for attack in attacks}.values())


def _direct(content: dict[str, Any]) -> Iterator[Attack]:
    payloads = content["payloads"]
    for template in content["instruction_override"]:
        for payload in payloads:
            text = template.format(payload=payload["text"])
            yield create_attack(
                "instruction_override", text, detector=_contains(payload["expect"]), payload=payload["text"]
            )
    for text in content["role_play"]:
        yield create_attack("role_play", text, detector=_contains(_quoted_markers(text)))
    for frame in content["encoding_frames"]:
        for name, encode in ENCODINGS.items():
            for number in content["encoding_payloads"]:
                payload = payloads[number]
                text = frame.format(encoding=name.replace("_", " "), encoded=encode(payload["text"]))
                yield create_attack("encoding", text, detector=_contains(payload["expect"]), payload=payload["text"])
    for text in content["prompt_leak"]:
        yield create_attack("prompt_leak", text, detector=Detector(kind="leak"))


def _indirect(content: dict[str, Any]) -> Iterator[Attack]:
    for payload in content["document_payloads"]:
        detector = _contains(payload["expect"])
        for template in content["documents"]:
            document = template.format(payload=payload["text"])
            for text in _wrap(content, document):
                yield _injection("indirect_injection", text, "document", detector, payload["text"])
        for template in content["tool_results"]:
            text = template.format(payload=payload["text"])
            yield _injection("indirect_injection", text, "tool_result", detector, payload["text"])
    links = Detector(kind="link", texts=tuple(content["exfiltration_hosts"]))
    for text in content["markdown_exfiltration"]:
        yield create_attack("markdown_exfiltration", text, detector=links)
    for document in content["exfiltration_documents"]:
        for text in _wrap(content, document):
            yield _injection("markdown_exfiltration", text, "document", links, "")


def _harmful(content: dict[str, Any]) -> Iterator[Attack]:
    requests: list[str] = content["harmful_request"]
    for request in requests:
        yield create_attack("harmful_request", request)
    for frame in content["harmful_frames"]:
        for number in content["harmful_framed"]:
            request = requests[number]
            yield create_attack("harmful_request", frame.format(request=request), payload=request)


def _harmless(content: dict[str, Any]) -> Iterator[Attack]:
    for attack_class, texts in content["harmless"].items():
        for text in texts:
            yield create_attack(attack_class, text, harmless=True)


def _wrap(content: dict[str, Any], document: str) -> Iterator[str]:
    for task in content["document_tasks"]:
        yield task.format(document=document)


def _injection(attack_class: str, text: str, delivery: Delivery, detector: Detector, payload: str) -> Attack:
    return create_attack(attack_class, text, detector=detector, delivery=delivery, payload=payload)


def _contains(texts: Sequence[str]) -> Detector:
    return Detector(kind="contains", texts=tuple(texts))


def _quoted_markers(text: str) -> list[str]:
    """Return the quoted markers of a text such as `"ROGUE:"`. The last one shows that the persona is played."""
    markers = [part for part in text.split('"')[1::2] if part.endswith(PERSONA_END)]
    return markers[-1:]
