"""Small Dify exports, written for the tests."""

from typing import Any

import yaml

MODEL = {
    "provider": "langgenius/openai/openai",
    "name": "gpt-4o",
    "mode": "chat",
    "completion_params": {"temperature": 0},
}


def node(id: str, type: str, title: str = "", parent: str | None = None, **data: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": id,
        "type": "custom",
        "position": {"x": 10.0, "y": 20.0},
        "data": {"type": type, "title": title or type, **data},
    }
    if parent:
        values["parentId"] = parent
    return values


def edge(source: str, target: str, port: str = "source") -> dict[str, Any]:
    return {"source": source, "target": target, "sourceHandle": port, "targetHandle": "target"}


def start(*variables: dict[str, Any]) -> dict[str, Any]:
    return node("1", "start", variables=list(variables))


TEXT_INPUT = {"variable": "Topic", "label": "Topic", "type": "text-input", "required": True, "max_length": 48}


def export(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], mode: str = "workflow", **workflow: Any) -> str:
    values = {
        "app": {"name": "My App", "mode": mode, "description": "Does things"},
        "kind": "app",
        "version": "0.3.0",
        "workflow": {"graph": {"nodes": nodes, "edges": edges}, "features": {}, **workflow},
    }
    return yaml.safe_dump(values, allow_unicode=True)


def chat_app(mode: str, **model_config: Any) -> str:
    values = {
        "app": {"name": "Chat", "mode": mode},
        "kind": "app",
        "version": "0.1.5",
        "model_config": {"model": MODEL, **model_config},
    }
    return yaml.safe_dump(values)
