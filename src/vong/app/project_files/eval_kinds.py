"""Eval suites and gate policies as project files."""

from typing import Any, ClassVar

from pydantic import Field

from vong.app import eval_suites
from vong.app.project_files.kinds import FilesContext, Values, name_of, validate_values
from vong.evals import gate_store, suites
from vong.evals.gates import GateRequirements, SubjectKind
from vong.evals.suites import SuiteDefinition
from vong.records import Record
from vong.yaml_text import dump_yaml


class GatePolicyFile(Record):
    """Gate policy: the subjects to which it applies and the evidence that it requires."""

    kind: SubjectKind
    pattern: str = Field(min_length=1, max_length=300)
    requirements: GateRequirements


class SuiteKind:
    """Files `suites/NAME.yaml`. Datasets and judges are written with the versions to which the suite is fixed."""

    folder: ClassVar[str] = "suites"
    is_single: ClassVar[bool] = False
    owner_only: ClassVar[bool] = False

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the newest version of each suite by key."""
        found = suites.list_suites(context.connection, limit=100_000)
        return {
            f"{self.folder}/{suite.name}": _dump(SuiteDefinition(description=suite.description, entries=suite.entries))
            for suite in found
        }

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file. Raises InvalidInput if it is invalid."""
        del key
        return _dump(validate_values(SuiteDefinition, values))

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Store the next version of the suite."""
        eval_suites.create(context.connection, name_of(key), SuiteDefinition.model_validate(values))

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete all versions of the suite. Its runs are kept."""
        suites.delete_suite(context.connection, name_of(key))

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file."""
        return ".yaml", dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file."""
        return SuiteDefinition.model_json_schema()


class GatePolicyKind:
    """Files `gates/NAME.yaml`. They are applied last: the gates that are in force decide about the other files."""

    folder: ClassVar[str] = "gates"
    is_single: ClassVar[bool] = False
    owner_only: ClassVar[bool] = True

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the gate policies of the project by key."""
        return {
            f"{self.folder}/{one.name}": _dump_policy(
                GatePolicyFile(kind=one.kind, pattern=one.pattern, requirements=one.requirements)
            )
            for one in gate_store.list_policies(context.connection)
        }

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file. Raises InvalidInput if it is invalid."""
        del key
        return _dump_policy(validate_values(GatePolicyFile, values))

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Store the next version of the policy."""
        file = GatePolicyFile.model_validate(values)
        gate_store.set_policy(
            context.connection,
            name_of(key),
            kind=file.kind,
            pattern=file.pattern,
            requirements=file.requirements,
            by=context.principal.actor,
        )

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete the policy. Its versions are kept."""
        gate_store.delete_policy(context.connection, name_of(key), context.principal.actor)

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file."""
        return ".yaml", dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file."""
        return GatePolicyFile.model_json_schema()


def _dump(record: Record) -> Values:
    return record.model_dump(mode="json", exclude_defaults=True)


def _dump_policy(file: GatePolicyFile) -> Values:
    return {"kind": file.kind, "pattern": file.pattern, "requirements": _dump(file.requirements)}
