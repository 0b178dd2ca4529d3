"""Definitions of judges: kind, model, prompt, scale and settings. A version is the hash of its definition."""

import math
import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from vong.errors import InvalidInput
from vong.records import Record, content_hash

JudgeKind = Literal["rubric", "pairwise", "pass_fail", "reference", "jury"]
StructuredMode = Literal["auto", "json_schema", "json_object", "text"]

VERSION_LENGTH = 12
"""Hexadecimal digits of the hash that name a version."""
MAX_LEVELS = 101
"""Number of levels of the longest scale, 0 to 100."""
PLACEHOLDER = re.compile(r"\{\{\s*(input|output|output_a|output_b|reference|metadata\.\w+)\s*\}\}")
"""Placeholder of a template: a text that is judged, or a metadata field of the example."""
ANY_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
RESERVED_CRITERIA = frozenset({"reason", "score", "judged"})


class JudgeCriterion(Record):
    """Criterion of a rubric. The score of an output is the weighted mean of its criteria."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")
    description: str = Field(min_length=1, max_length=5_000)
    weight: float = Field(default=1.0, gt=0, le=1000, allow_inf_nan=False)

    @field_validator("name")
    @classmethod
    def check_name(cls, name: str) -> str:
        """Reject a name that the verdict needs for itself."""
        if name in RESERVED_CRITERIA:
            raise ValueError(f"the name {name!r} is reserved; choose another name")
        return name


class JudgeScale(Record):
    """Scale of whole numbers from `lowest` to `highest`, both included. The highest is the best."""

    lowest: int = 1
    highest: int = 5

    @model_validator(mode="after")
    def check_order(self) -> "JudgeScale":
        """Reject a scale with fewer than two levels or more than MAX_LEVELS."""
        if not 2 <= self.highest - self.lowest + 1 <= MAX_LEVELS:
            raise ValueError(f"the scale {self.lowest}..{self.highest} needs 2 to {MAX_LEVELS} levels")
        return self

    @property
    def levels(self) -> tuple[int, ...]:
        """Return all levels, lowest first."""
        return tuple(range(self.lowest, self.highest + 1))

    def to_share(self, value: float) -> float:
        """Return a value of the scale as a number in 0..1."""
        return (value - self.lowest) / (self.highest - self.lowest)

    def to_level(self, share: float) -> int:
        """Return the level that is nearest to a number in 0..1. The upper one wins if two are as near."""
        return math.floor(self.lowest + share * (self.highest - self.lowest) + 0.5 + 1e-9)


class JudgeShot(Record):
    """Judged example in the prompt of a judge. `verdict` is the JSON object that the judge is to return."""

    input: str = Field(default="", max_length=50_000)
    output: str = Field(default="", max_length=50_000)
    other: str = Field(default="", max_length=50_000)
    reference: str = Field(default="", max_length=50_000)
    verdict: dict[str, Any]


class JudgeCallSettings(Record):
    """Settings of the calls of a judge.

    `structured` is how the verdict's form is requested: a JSON schema, any JSON object, only in the prompt, or `auto`:
    a schema, without it if the model refuses it. A verdict that cannot be read is requested again at most `repairs`
    times with the fault named. An answer that was cut off is requested again with twice as many tokens.
    """

    temperature: float = Field(default=0.0, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int = Field(default=1024, ge=16, le=100_000)
    structured: StructuredMode = "auto"
    repairs: int = Field(default=2, ge=0, le=5)
    seed: int | None = None
    reasoning_effort: str | None = Field(default=None, max_length=20)


class JudgeDefinition(Record):
    """Definition of a judge.

    `rubric` returns a number of `scale`, for each criterion if there are `criteria`. `reference` does so and compares
    with the reference of the example. `pass_fail` returns pass or fail with a reason. `pairwise` returns the better of
    two outputs; it is called twice with swapped positions, and verdicts that contradict each other are ties. A `jury`
    combines the verdicts of its `members` (other judges of one kind, `member_kind`) by `vote` or `mean`.

    `prompt` says what a good output is. `template` is the message with the texts to judge; without it, the message has
    the input, the reference and the output.
    """

    kind: JudgeKind
    model: str = Field(default="", max_length=300)
    prompt: str = Field(default="", max_length=100_000)
    template: str = Field(default="", max_length=100_000)
    criteria: Annotated[tuple[JudgeCriterion, ...], Field(max_length=20)] = ()
    scale: JudgeScale = JudgeScale()
    shots: Annotated[tuple[JudgeShot, ...], Field(max_length=32)] = ()
    members: Annotated[tuple[str, ...], Field(max_length=15)] = ()
    member_kind: Literal["rubric", "pairwise", "pass_fail"] = "pass_fail"
    combine: Literal["vote", "mean"] = "vote"
    settings: JudgeCallSettings = JudgeCallSettings()

    @property
    def version(self) -> str:
        """Return the hash of the definition, which names the version."""
        return content_hash(self)[:VERSION_LENGTH]

    @property
    def uses_reference(self) -> bool:
        """Return True if every output needs a reference."""
        return self.kind == "reference" or "reference" in _placeholders(self.template)

    @property
    def form(self) -> Literal["score", "pairwise", "pass_fail"]:
        """Return the form of the verdict. That of a jury is the form of its members."""
        kind = self.member_kind if self.kind == "jury" else self.kind
        return kind if kind in {"pairwise", "pass_fail"} else "score"  # pyright: ignore[reportReturnType]

    @property
    def metadata_fields(self) -> frozenset[str]:
        """Return the metadata fields that the template reads."""
        names = _placeholders(self.template)
        return frozenset(name.removeprefix("metadata.") for name in names if name.startswith("metadata."))

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the possible verdicts, worst first."""
        if self.form == "pass_fail":
            return ("fail", "pass")
        if self.form == "pairwise":
            return ("B", "tie", "A")
        return tuple(str(level) for level in self.scale.levels)

    def category(self, share: float) -> str:
        """Return the verdict of a score or a label in 0..1."""
        if self.form == "pairwise":
            return "A" if share > 0.5 else "B" if share < 0.5 else "tie"
        if self.form == "pass_fail":
            return "pass" if share > 0.5 else "fail"
        return str(self.scale.to_level(share))

    def check(self) -> None:
        """Check the combination of fields.

        Raises: InvalidInput naming the field and what to set.
        """
        if self.kind == "jury":
            self._check_jury()
            return
        if not self.model.strip():
            raise InvalidInput(
                f"the {self.kind} judge has no model", "set model to a route, PROVIDER/MODEL or deployment/NAME"
            )
        if not self.prompt.strip():
            raise InvalidInput(f"the {self.kind} judge has no prompt", "say in prompt what a good output is")
        if self.members:
            raise InvalidInput(f"a {self.kind} judge has no members", "set kind to jury, or leave members out")
        if self.criteria and self.kind not in {"rubric", "reference"}:
            raise InvalidInput(
                f"a {self.kind} judge has no criteria", "set kind to rubric, or write them in the prompt"
            )
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise InvalidInput("two criteria have the same name", "give each criterion a name of its own")
        self._check_template()

    def _check_jury(self) -> None:
        if len(set(self.members)) < 2:
            raise InvalidInput(
                f"the jury has {len(set(self.members))} different members", "name at least 2 judges in members"
            )
        if self.model or self.prompt or self.criteria or self.shots or self.template:
            raise InvalidInput("a jury has no model, prompt, criteria, shots or template", "set them in its members")

    def _check_template(self) -> None:
        if not self.template:
            return
        for match in ANY_PLACEHOLDER.finditer(self.template):
            if not PLACEHOLDER.fullmatch(match.group()):
                raise InvalidInput(
                    f"the template has the unknown placeholder {match.group()[:100]!r}",
                    "use {{input}}, {{output}}, {{reference}}, {{metadata.FIELD}}; pairwise {{output_a}}, {{output_b}}",
                )
        needed = {"output_a", "output_b"} if self.kind == "pairwise" else {"output"}
        if missing := sorted(needed - _placeholders(self.template)):
            raise InvalidInput(
                f"the template does not have {{{{{missing[0]}}}}}, so the judge would not see the output",
                f"add {{{{{missing[0]}}}}} to the template",
            )


def _placeholders(template: str) -> set[str]:
    return {match.group(1) for match in PLACEHOLDER.finditer(template)}
