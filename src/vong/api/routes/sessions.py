"""Routes of access: sign-in, sign-out, and the caller's own password."""

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from vong.access import sessions
from vong.access.sessions import SessionView
from vong.api.http.credentials import COOKIE, from_elsewhere
from vong.api.http.dependencies import Anybody, address_of
from vong.app import Platform
from vong.errors import CrossSite
from vong.records import Record

routes = APIRouter(prefix="/api/v1/access", tags=["access"])


class SignIn(Record):
    """Credentials of a user."""

    email: str = Field(max_length=320)
    password: SecretStr = Field(max_length=1000)


class ProjectSwitch(Record):
    """Project to switch to, by name or id."""

    project: str


class PasswordChange(Record):
    """Current password and new password (10 to 1000 characters)."""

    current: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(min_length=10, max_length=1000)


@routes.post("/session")
def sign_in(body: SignIn, request: Request, response: Response) -> SessionView:
    """Sign in and set the session cookie. Returns 429 after too many failed attempts."""
    if from_elsewhere(request.headers):
        raise CrossSite("the request came from a page of another site", "sign in on the console of this server")
    platform: Platform = request.app.state.platform
    password = body.password.get_secret_value()
    opened = sessions.sign_in(platform.database.owner, body.email, password, address_of(request))
    _set(request, response, opened.token)
    return opened.session


@routes.get("/session")
def session(call: Anybody, request: Request, response: Response) -> SessionView:
    """Return the signed-in user, the current project and the available projects. Returns 401 without a session."""
    with call.owner() as connection:
        found = sessions.read(connection, call.principal)
    _set(request, response, request.cookies.get(COOKIE, ""))
    return found


@routes.put("/session")
def switch_project(body: ProjectSwitch, call: Anybody) -> SessionView:
    """Switch the session to another project."""
    with call.owner() as connection:
        return sessions.switch(connection, call.principal, body.project)


@routes.delete("/session", status_code=204)
def sign_out(call: Anybody, response: Response) -> None:
    """Sign out and end the session immediately."""
    with call.owner() as connection:
        sessions.sign_out(connection, call.principal)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@routes.put("/password", status_code=204)
def change_password(body: PasswordChange, call: Anybody) -> None:
    """Change the caller's own password. All other sessions of the user end."""
    current, new = body.current.get_secret_value(), body.new.get_secret_value()
    sessions.change_password(call.owner, call.principal, current, new, call.address)


def _set(request: Request, response: Response, token: str) -> None:
    """Set the session cookie, which lasts as long as an idle session. Renewed whenever the console opens."""
    if token.startswith(sessions.PREFIX):
        age = int(sessions.IDLE.total_seconds())
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, max_age=age, path="/", httponly=True, samesite="strict", secure=secure)
