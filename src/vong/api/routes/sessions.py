"""Routes of access: sign-in, sign-out, and the caller's own password."""

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from vong.access import sessions
from vong.access.sessions import SessionView
from vong.api.http.credentials import SESSION_COOKIE, is_cross_site
from vong.api.http.dependencies import AnyUser, get_client_address
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
    if is_cross_site(request.headers):
        raise CrossSite("the request came from a page of another site", "sign in on the console of this server")
    platform: Platform = request.app.state.platform
    password = body.password.get_secret_value()
    opened = sessions.sign_in(platform.database.owner, body.email, password, get_client_address(request))
    _set_cookie(request, response, opened.token)
    return opened.session


@routes.get("/session")
def get_session(call: AnyUser, request: Request, response: Response) -> SessionView:
    """Return the signed-in user, the current project and the available projects. Returns 401 without a session."""
    with call.owner_transaction() as connection:
        found = sessions.get_session(connection, call.principal)
    _set_cookie(request, response, request.cookies.get(SESSION_COOKIE, ""))
    return found


@routes.put("/session")
def switch_project(body: ProjectSwitch, call: AnyUser) -> SessionView:
    """Switch the session to another project."""
    with call.owner_transaction() as connection:
        return sessions.switch_project(connection, call.principal, body.project)


@routes.delete("/session", status_code=204)
def sign_out(call: AnyUser, response: Response) -> None:
    """Sign out and end the session immediately."""
    with call.owner_transaction() as connection:
        sessions.sign_out(connection, call.principal)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")


@routes.put("/password", status_code=204)
def change_password(body: PasswordChange, call: AnyUser) -> None:
    """Change the caller's own password. All other sessions of the user end."""
    current, new = body.current.get_secret_value(), body.new.get_secret_value()
    sessions.change_password(call.owner_transaction, call.principal, current, new, call.client_address)


def _set_cookie(request: Request, response: Response, token: str) -> None:
    """Set the session cookie, which lasts as long as an idle session. Renewed whenever the console opens."""
    if token.startswith(sessions.SESSION_PREFIX):
        age = int(sessions.SESSION_IDLE_TIMEOUT.total_seconds())
        secure = request.url.scheme == "https"
        response.set_cookie(
            SESSION_COOKIE, token, max_age=age, path="/", httponly=True, samesite="strict", secure=secure
        )
