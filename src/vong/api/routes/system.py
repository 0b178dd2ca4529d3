"""Route of the system: versions, storage and processes, for the about page and bug reports."""

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser
from vong.app.host import system_info
from vong.app.host.system_info import SystemInfo

routes = APIRouter(prefix="/api/v1/system", tags=["system"])


@routes.get("")
def get_system_info(context: CurrentUser) -> SystemInfo:
    """Return installed versions, storage usage and processes. Owners and members only."""
    context.require_role("member")
    with context.owner_transaction() as connection:
        return system_info.get_system_info(context.platform, connection)
