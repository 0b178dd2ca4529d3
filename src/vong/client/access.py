"""Access namespace of the client."""

from collections.abc import Sequence
from typing import Any

from vong.client.transport import Transport, segment

ROOT = "/api/v1/access"


class AccessClient:
    """API keys, projects and users."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def projects(self) -> list[dict[str, Any]]:
        """Return the projects that this key may see; an owner's key sees all."""
        return self._transport.get(f"{ROOT}/projects", list[dict[str, Any]])

    def create_project(self, name: str) -> dict[str, Any]:
        """Create a project (owners only)."""
        return self._transport.post(f"{ROOT}/projects", dict[str, Any], body={"name": name})

    def keys(self) -> list[dict[str, Any]]:
        """Return the project's keys, without their secrets."""
        return self._transport.get(f"{ROOT}/keys", list[dict[str, Any]])

    def key(self, name: str) -> dict[str, Any]:
        """Return an active key by name, prefix or id."""
        return self._transport.get(f"{ROOT}/keys/{segment(name, slashes=True)}", dict[str, Any])

    def create_key(
        self, name: str, *, role: str = "member", models: Sequence[str] = (), endpoints: Sequence[str] = (), **more: Any
    ) -> dict[str, Any]:
        """Create a key: `{"key": {...}, "secret": "vong-..."}`. The secret is returned only once.

        `models` (names, with `*` for any text) and `endpoints` restrict the key to these calls. `more`: `bases` (names
        of knowledge bases that it may use), `tags` and `user` of its calls, `expires_at` (ISO 8601 time), `project`.
        """
        labels = {"tags": list(more.pop("tags", ())), "user": more.pop("user", None)}
        scope = {"models": list(models), "endpoints": list(endpoints), "bases": list(more.pop("bases", ()))}
        body = {"name": name, "role": role, "scope": scope, "labels": labels, **more}
        return self._transport.post(f"{ROOT}/keys", dict[str, Any], body=body)

    def rotate_key(self, name: str, *, overlap: int = 0, expires_at: str | None = None) -> dict[str, Any]:
        """Replace the secret of a key and return the new one, once. The old secret works for `overlap` more seconds."""
        body = {"overlap": overlap, "expires_at": expires_at}
        return self._transport.post(f"{ROOT}/keys/{segment(name, slashes=True)}/rotate", dict[str, Any], body=body)

    def revoke_key(self, name: str) -> dict[str, Any]:
        """Revoke a key by name, prefix or id."""
        return self._transport.request("DELETE", f"{ROOT}/keys/{segment(name, slashes=True)}", dict[str, Any])

    def users(self) -> list[dict[str, Any]]:
        """Return all users that can sign in (owners only)."""
        return self._transport.get(f"{ROOT}/users", list[dict[str, Any]])

    def create_user(
        self, email: str, *, role: str = "member", password: str | None = None, projects: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Create a user (owners only): `{"user": {...}, "password": ...}`. A generated password is returned once."""
        body = {"email": email, "role": role, "password": password, "projects": list(projects)}
        return self._transport.post(f"{ROOT}/users", dict[str, Any], body=body)

    def delete_user(self, email: str) -> dict[str, Any]:
        """Delete a user and end their sessions (owners only)."""
        return self._transport.request("DELETE", f"{ROOT}/users/{segment(email, slashes=True)}", dict[str, Any])

    def reset_password(self, email: str, password: str | None = None) -> dict[str, Any]:
        """Reset a user's password (owners only): `{"user": {...}, "password": ...}`. None generates a password."""
        return self._transport.request(
            "PUT", f"{ROOT}/users/{segment(email, slashes=True)}/password", dict[str, Any], body={"password": password}
        )

    def change_password(self, email: str, current: str, new: str) -> None:
        """Change your own password, by signing in with the current one. Your other sessions end."""
        session = Transport(self._transport.url, None, retry_seconds=self._transport.retry_seconds)
        session.http.headers["Origin"] = self._transport.url
        try:
            session.post(f"{ROOT}/session", body={"email": email, "password": current})
            session.request("PUT", f"{ROOT}/password", body={"current": current, "new": new})
            session.request("DELETE", f"{ROOT}/session")
        finally:
            session.close()
