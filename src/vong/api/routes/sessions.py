"""Routes of access: sign in and out, and one's own password."""

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
    """Who signs in."""

    email: str = Field(max_length=320)
    password: SecretStr = Field(max_length=1000)


class ProjectSwitch(Record):
    """The project to look at, by its name or id."""

    project: str


class PasswordChange(Record):
    """The password so far, and the one from now on (10 to 1000 characters)."""

    current: SecretStr = Field(max_length=1000)
    new: SecretStr = Field(min_length=10, max_length=1000)


@routes.post("/session")
def sign_in(wanted: SignIn, request: Request, response: Response) -> SessionView:
    """Sign in: the answer sets the cookie of the session. 429 after too many failed attempts."""
    if from_elsewhere(request.headers):
        raise CrossSite("this request came from a page of another site", "sign in on the console of this very server")
    platform: Platform = request.app.state.platform
    password = wanted.password.get_secret_value()
    opened = sessions.sign_in(platform.database.owner, wanted.email, password, address_of(request))
    _set(request, response, opened.token)
    return opened.session


@routes.get("/session")
def session(call: Anybody, request: Request, response: Response) -> SessionView:
    """Who is signed in, the project they look at, and those they may change to. 401 where nobody is."""
    with call.owner() as connection:
        found = sessions.read(connection, call.principal)
    _set(request, response, request.cookies.get(COOKIE, ""))
    return found


@routes.put("/session")
def switch_project(wanted: ProjectSwitch, call: Anybody) -> SessionView:
    """Look at another project from now on."""
    with call.owner() as connection:
        return sessions.switch(connection, call.principal, wanted.project)


@routes.delete("/session", status_code=204)
def sign_out(call: Anybody, response: Response) -> None:
    """Sign out: this session ends at once."""
    with call.owner() as connection:
        sessions.sign_out(connection, call.principal)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@routes.put("/password", status_code=204)
def change_password(wanted: PasswordChange, call: Anybody) -> None:
    """Change one's own password. One's other sessions end."""
    current, new = wanted.current.get_secret_value(), wanted.new.get_secret_value()
    sessions.change_password(call.owner, call.principal, current, new, call.address)


def _set(request: Request, response: Response, token: str) -> None:
    """The cookie lasts as long as an idle session; it is set again whenever the console opens."""
    if token.startswith(sessions.PREFIX):
        age = int(sessions.IDLE.total_seconds())
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, max_age=age, path="/", httponly=True, samesite="strict", secure=secure)
