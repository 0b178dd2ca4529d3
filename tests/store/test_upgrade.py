"""Upgrade of a database with data of an older version.

`data/0024.dump` has data of revision 0024: keys, routes, guards, limits, spans, ledger rows, a batch and more.
"""

import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from tests.store.test_migrate import is_declared_object
from vong.store.database import REQUEST_ROLE, Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server
from vong.store.schema import metadata

DUMP = Path(__file__).parent / "data" / "0024.dump"
NAMES = import_module("vong.store.migrations.versions.0025_standard_names")


def row_counts(database: Database) -> dict[str, int]:
    with database.owner() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {table: connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0 for table in tables}


def column(database: Database, query: str) -> list[Any]:
    with database.owner() as connection:
        return list(connection.scalars(text(query)))


@pytest.fixture
def restored(empty: Database) -> Iterator[Database]:
    create_role = (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{REQUEST_ROLE}') "
        f"THEN CREATE ROLE {REQUEST_ROLE} NOLOGIN; END IF; END $$"
    )
    with empty.owner() as connection:
        connection.execute(text(create_role))
    program = str(postgres_server.executables_folder() / "pg_restore")
    command = [program, "--no-owner", "--no-comments", "--dbname", empty.url, str(DUMP)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield empty


def test_the_upgrade_preserves_every_row_and_ends_with_the_declared_schema(restored: Database) -> None:
    before = row_counts(restored)
    assert before["traces_spans"] == before["gateway_ledger"] == 25
    assert migrate(restored)[0] == "0025"
    expected = {NAMES.TABLES.get(table, table): count for table, count in before.items()}
    assert row_counts(restored).items() >= expected.items()  # later migrations add tables
    options = {"include_object": is_declared_object, "compare_server_default": False, "compare_type": True}
    with restored.owner() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert not [stored for stored in differences if "alembic_version" not in str(stored)]


def test_the_upgrade_renames_stored_settings_and_values(restored: Database) -> None:
    migrate(restored)
    (policy,) = column(restored, "SELECT policy FROM gateway_routes WHERE name = 'support'")
    assert policy["cache"]["verify_rate"] == 1.0 and policy["cache"]["min_agreement"] == 0.7
    assert policy["breaker"]["open_seconds"] == 7.0 and policy["cap"]["max_in_flight"] == 5
    assert [guard["guard"] for guard in policy["guards"]] == ["pii", "length"]
    (tree,) = column(restored, "SELECT tree FROM gateway_routes WHERE name = 'branchy'")
    assert tree["nodes"][0]["when"] == [{"fact": "endpoint", "equals": "chat"}]
    (guards,) = column(restored, "SELECT guards FROM gateway_guards")
    assert guards[1]["settings"] == {"max_characters": 99999, "min_characters": 1, "max_words": 5000}
    windows = column(restored, 'SELECT "window" FROM gateway_limits')
    assert sorted(windows) == ["day", "lifetime", "month", "now"]
    assert ["chat", "embeddings"] in column(restored, "SELECT endpoints FROM access_keys")
    assert "loop.run" in column(restored, "SELECT kind FROM jobs_jobs")
    assert column(restored, "SELECT count(*) FROM traces_spans WHERE attributes ? 'vong.shape'") == [0]


def test_the_upgrade_does_not_change_the_keys_of_user_data(restored: Database) -> None:
    """A JSON schema of a guard may have any key, including names that are renamed elsewhere."""
    schema = '[{"guard": "json_schema", "settings": {"schema": {"properties": {"agreement": {}, "pause": {}}}}}]'
    with restored.owner() as connection:
        connection.execute(text("UPDATE gateway_guards SET guards = CAST(:guards AS jsonb)"), {"guards": schema})
    migrate(restored)
    (guards,) = column(restored, "SELECT guards FROM gateway_guards")
    assert set(guards[0]["settings"]["schema"]["properties"]) == {"agreement", "pause"}


def test_spans_and_jobs_are_written_after_the_upgrade(restored: Database) -> None:
    """Database functions of the span table and the queue use the new names."""
    migrate(restored)
    with restored.owner() as connection:
        connection.execute(
            text(
                "INSERT INTO traces_spans SELECT (jsonb_populate_record(span, jsonb_build_object('id', "
                "gen_random_uuid()))).* FROM traces_spans span LIMIT 1"
            )
        )
        project = connection.scalar(text("SELECT project_id FROM jobs_jobs LIMIT 1"))
        connection.execute(text("SELECT set_config('vong.project_id', :project, true)"), {"project": str(project)})
        job = connection.scalar(text("SELECT id FROM jobs_jobs LIMIT 1"))
        entry = connection.scalar(text("SELECT jobs_defer(:job, 0)"), {"job": job})
        stored = connection.scalar(text("SELECT queue_entry_id FROM jobs_jobs WHERE id = :job"), {"job": job})
        assert entry == stored
        connection.execute(text("SELECT jobs_abort(:job)"), {"job": job})
    assert column(restored, "SELECT sum(calls) FROM traces_hourly") == [26]
