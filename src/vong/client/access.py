"""The client's `access` namespace."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from vong.client.transport import Transport

ROOT = "/api/v1/access"


class Access:
    """API keys, projects and users."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def projects(self) -> list[dict[str, Any]]:
        """The projects that this key may see: an owner's sees all."""
        return self._send.get(f"{ROOT}/projects", list[dict[str, Any]])

    def create_project(self, name: str) -> dict[str, Any]:
        """Make a project (owners)."""
        return self._send.post(f"{ROOT}/projects", dict[str, Any], body={"name": name})

    def keys(self) -> list[dict[str, Any]]:
        """The project's keys, without their secrets."""
        return self._send.get(f"{ROOT}/keys", list[dict[str, Any]])

    def key(self, name: str) -> dict[str, Any]:
        """A live key by name, prefix or id."""
        return self._send.get(f"{ROOT}/keys/{quote(name)}", dict[str, Any])

    def create_key(
        self, name: str, *, role: str = "member", models: Sequence[str] = (), shapes: Sequence[str] = (), **more: Any
    ) -> dict[str, Any]:
        """Make a key: `{"key": {...}, "secret": "vong-..."}`. The secret is shown this once.

        With `models` (names, with `*` for any text) or `shapes` it may call these and do little else. `more`: `tags`
        and `user` of its calls, `expires_at` (a moment in ISO 8601), `project`.
        """
        labels = {"tags": list(more.pop("tags", ())), "user": more.pop("user", None)}
        scope = {"models": list(models), "shapes": list(shapes)}
        body = {"name": name, "role": role, "scope": scope, "labels": labels, **more}
        return self._send.post(f"{ROOT}/keys", dict[str, Any], body=body)

    def rotate_key(self, name: str, *, overlap: int = 0, expires_at: str | None = None) -> dict[str, Any]:
        """Give a key another secret, shown this once; the old one works for `overlap` more seconds."""
        body = {"overlap": overlap, "expires_at": expires_at}
        return self._send.post(f"{ROOT}/keys/{quote(name)}/rotate", dict[str, Any], body=body)

    def revoke_key(self, name: str) -> dict[str, Any]:
        """Revoke a key by name, prefix or id."""
        return self._send.request("DELETE", f"{ROOT}/keys/{quote(name)}", dict[str, Any])

    def users(self) -> list[dict[str, Any]]:
        """Everybody who can sign in (owners)."""
        return self._send.get(f"{ROOT}/users", list[dict[str, Any]])

    def create_user(
        self, email: str, *, role: str = "member", password: str | None = None, projects: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Make an account (owners): `{"user": {...}, "password": ...}`. A password that Vong chose is shown once."""
        body = {"email": email, "role": role, "password": password, "projects": list(projects)}
        return self._send.post(f"{ROOT}/users", dict[str, Any], body=body)

    def remove_user(self, email: str) -> dict[str, Any]:
        """Delete an account and end its sessions (owners)."""
        return self._send.request("DELETE", f"{ROOT}/users/{email}", dict[str, Any])

    def reset_password(self, email: str, password: str | None = None) -> dict[str, Any]:
        """Give somebody another password (owners): `{"user": {...}, "password": ...}`, chosen by Vong where none is
        given.
        """
        return self._send.request("PUT", f"{ROOT}/users/{email}/password", dict[str, Any], body={"password": password})

    def change_password(self, email: str, current: str, new: str) -> None:
        """Change one's own password, by signing in with the current one. One's sessions elsewhere end."""
        person = Transport(self._send.url, None, patience=self._send.patience)
        person.http.headers["Origin"] = self._send.url
        try:
            person.post(f"{ROOT}/session", body={"email": email, "password": current})
            person.request("PUT", f"{ROOT}/password", body={"current": current, "new": new})
            person.request("DELETE", f"{ROOT}/session")
        finally:
            person.close()

    def installation(self) -> dict[str, Any]:
        """What is installed and what it uses: versions, storage, processes."""
        return self._send.get(f"{ROOT}/installation", dict[str, Any])
