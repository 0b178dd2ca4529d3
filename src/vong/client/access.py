"""The client's `access` namespace."""

from typing import Any

from vong.client.transport import Transport


class Access:
    """API keys and projects."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def projects(self) -> list[dict[str, Any]]:
        """The projects that this key may see."""
        return self._send.get("/api/v1/access/projects", list[dict[str, Any]])

    def keys(self) -> list[dict[str, Any]]:
        """The project's keys, without their secrets."""
        return self._send.get("/api/v1/access/keys", list[dict[str, Any]])

    def create_key(self, name: str, *, role: str = "member") -> dict[str, Any]:
        """Make a key: `{"key": {...}, "secret": "vong-..."}`. The secret is shown this once."""
        return self._send.post("/api/v1/access/keys", dict[str, Any], body={"name": name, "role": role})

    def revoke_key(self, name: str) -> dict[str, Any]:
        """Revoke a key by name, prefix or id."""
        return self._send.request("DELETE", f"/api/v1/access/keys/{name}", dict[str, Any])
