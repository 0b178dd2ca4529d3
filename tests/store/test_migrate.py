"""Migrations: schema equal to the declared tables, row-level security, and a backup before each change."""

import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

import vong
from vong import access
from vong.errors import Misconfigured
from vong.store import backup
from vong.store.database import REQUEST_ROLE, Database
from vong.store.migrate import MIGRATIONS_FOLDER, current_revision, latest_revision, migrate
from vong.store.postgres import server as postgres_server
from vong.store.schema import metadata

STAGES = sorted(path.parent.name for path in Path(vong.__file__).parent.glob("*/tables.py"))
for stage in STAGES:
    import_module(f"vong.{stage}.tables")
PROJECT_TABLES = sorted(table.name for table in metadata.tables.values() if table.info.get("project"))


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    with database.owner() as connection:
        yield connection


def is_declared_object(object: Any, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """Return False for day partitions and tables of the job queue, which the code does not declare."""
    return not (kind == "table" and reflected and (str(name).startswith(("traces_spans_", "procrastinate_"))))


def test_the_migrated_schema_equals_the_declared_tables(owner: Connection) -> None:
    options = {"include_object": is_declared_object, "compare_server_default": False, "compare_type": True}
    differences = compare_metadata(MigrationContext.configure(owner, opts=options), metadata)
    differences = [found for found in differences if "alembic_version" not in str(found)]
    assert not differences, "\n".join(map(str, differences))


def test_every_project_table_has_row_level_security(owner: Connection) -> None:
    for table in PROJECT_TABLES:
        enabled = text("SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass(:name)")
        assert owner.scalar(enabled, {"name": table}) is True, table
        policies = owner.execute(
            text("SELECT qual, with_check, roles::text FROM pg_policies WHERE tablename = :name"), {"name": table}
        ).all()
        assert len(policies) == 1, (table, policies)
        for condition in policies[0][:2]:
            assert "project_id = (NULLIF(current_setting('vong.project_id'" in condition, table
        assert REQUEST_ROLE in policies[0][2], table


def test_the_restricted_role_has_no_access_to_tables_without_row_level_security(owner: Connection) -> None:
    granted = text(
        "SELECT DISTINCT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee IN (:role, 'PUBLIC') AND table_schema = 'public'"
    )
    unguarded = {
        (name, right) for name, right in owner.execute(granted, {"role": REQUEST_ROLE}) if name not in PROJECT_TABLES
    }
    # Names and machines of all projects are visible. Neither contains secrets.
    assert unguarded == {("access_projects", "SELECT"), ("serving_machines", "SELECT")}


def test_an_up_to_date_database_is_unchanged(database: Database, tmp_path: Path) -> None:
    assert migrate(database, tmp_path / "backups") == []
    assert not (tmp_path / "backups").exists()


def test_the_newest_revision_equals_that_of_alembic(owner: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_FOLDER))
    assert latest_revision() == ScriptDirectory.from_config(config).get_current_head() == current_revision(owner)


def test_a_newer_database_is_rejected(database: Database) -> None:
    with database.owner() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match="'9999'"):
        migrate(database)


def test_a_new_database_is_migrated_without_a_backup(empty: Database, tmp_path: Path) -> None:
    applied = migrate(empty, tmp_path)
    assert applied == sorted(applied)
    assert applied[0] == "0001"
    assert not list(tmp_path.iterdir())
    with empty.owner() as connection:
        assert current_revision(connection) == applied[-1]


def test_a_backup_is_written_before_a_migration_and_can_be_restored(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    with database.owner() as connection:
        access.create_project(connection, "precious")
    dump = backup.back_up_database(database.url, tmp_path / "backups", revision="0001", include_spans=False)
    assert dump.name.endswith("-0001.dump")
    restore = [str(postgres_server.executables_folder() / "pg_restore"), "--no-owner", "--dbname", empty.url, str(dump)]
    done = subprocess.run(restore, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with empty.owner() as connection:
        assert [project.name for project in access.list_projects(connection)] == ["precious"]


def test_a_failing_migration_changes_nothing(empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    upgrade = command.upgrade

    def failing(*arguments: Any) -> None:
        upgrade(*arguments)
        raise RuntimeError("in the middle")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(RuntimeError):
        migrate(empty)
    with empty.owner() as connection:
        assert current_revision(connection) is None
        assert connection.scalar(text("SELECT to_regclass('access_projects')")) is None


def test_a_database_in_use_is_backed_up_before_its_migration(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    with database.owner() as connection:
        newest = current_revision(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    seen: list[list[str]] = []

    def look(*_: Any) -> None:
        seen.append([path.name for path in tmp_path.iterdir()])

    monkeypatch.setattr(command, "upgrade", look)
    applied = migrate(database, tmp_path)
    assert applied[0] == "0003"
    assert applied[-1] == newest
    assert len(seen[0]) == 1
    assert seen[0][0].endswith("-0002.dump")
