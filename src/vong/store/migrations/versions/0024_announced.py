"""Announce every change of data that servers cache: routes, keys, deployments, engines and more."""

from alembic import op

revision = "0024"
down_revision = "0023"

CHANGED = """
CREATE FUNCTION gateway_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('vong_gateway', coalesce(NEW.project_id, OLD.project_id)::text);
  RETURN NULL;
END $$
"""
CALLERS = """
CREATE FUNCTION access_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('vong_callers', '');
  RETURN NULL;
END $$
"""
DEPLOYMENTS = ("state", "model", "dataset", "group")
ENGINES = ("url", "token")
KEYS = (
    *("name", "role", "hash", "previous_hash", "previous_until", "expires_at", "revoked_at"),
    *("models", "shapes", "tags", "user"),
)


def upgrade() -> None:
    op.execute(CHANGED)
    op.execute(CALLERS)
    for table in ("gateway_routes", "gateway_providers", "gateway_limits", "gateway_prices", "gateway_guards"):
        _announced(table, "INSERT OR UPDATE OR DELETE", "gateway_announce")
    for table, columns in (("serving_deployments", DEPLOYMENTS), ("serving_engines", ENGINES)):
        _announced(table, "INSERT OR DELETE", "gateway_announce")
        _announced(table, "UPDATE", "gateway_announce", columns)
    for table, columns in (
        ("access_keys", KEYS),
        ("access_sessions", ("project", "user_id")),
        ("access_users", ("email", "role")),
    ):
        _announced(table, "DELETE", "access_announce")
        _announced(table, "UPDATE", "access_announce", columns)
    _announced("access_members", "INSERT OR UPDATE OR DELETE", "access_announce")


def _announced(table: str, when: str, function: str, columns: tuple[str, ...] = ()) -> None:
    """Create a trigger. For updates it fires only if one of these columns changed."""
    name = f"{table}_announce_{when.split()[0].lower()}"
    differs = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    only = f"WHEN ({differs}) " if columns else ""
    op.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW {only}EXECUTE FUNCTION {function}()")
