"""Access to knowledge bases by role, checked for every route with a base in its path."""

from typing import Annotated

from fastapi import Depends, Request

from vong.api.http.dependencies import RequestContext, get_current_user
from vong.knowledge import base_settings, documents


def check_base_reader(request: Request, context: Annotated[RequestContext, Depends(get_current_user)]) -> None:
    """Check that the caller may read the base of the path.

    Raises: Forbidden if the readers of the base do not include the role of the caller.
    """
    role = context.principal.role
    base, document = request.path_params.get("base"), request.path_params.get("document_id")
    if role == "owner" or (base is None and document is None):
        return
    with context.project_transaction() as connection:
        if base is None:
            base = documents.find_base(connection, document)
        if base is not None:
            base_settings.check_reader(connection, base, role)


BaseReader = Depends(check_base_reader)
"""Dependency of the routers of knowledge."""
