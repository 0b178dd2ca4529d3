"""Search for a better prompt with DSPy's optimisers. They set instructions and examples of a program of one step."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from vong.prompts.optimiser.candidates import PromptCandidate, WorkedExample, read_instructions, repair_instructions
from vong.prompts.optimiser.optimisations import OptimiserSettings
from vong.records.prompt import PromptTemplate

PROPOSER_TEMPERATURE = 1.0
PROPOSER_MAX_TOKENS = 1000
EMPTY_INSTRUCTIONS = "Answer the request."
"""Instructions with which a search starts if the prompt has none."""


class RowScore(NamedTuple):
    """Score of an answer to a row, larger is better, and an explanation for the proposer."""

    value: float
    explanation: str


class SearchRow(NamedTuple):
    """Row of a search: its number, the values of the variables, and the expected answer."""

    number: int
    variables: Mapping[str, Any]
    expected: str


class SearchFunctions(NamedTuple):
    """Functions that a search calls.

    `answer` renders a candidate for a row and returns the model's answer, `score` scores it and records the score,
    `propose` returns the proposer's answer to messages.
    """

    answer: Callable[[PromptCandidate, Mapping[str, Any]], str]
    score: Callable[[PromptCandidate, SearchRow, str], RowScore]
    propose: Callable[[Sequence[Mapping[str, str]], float, int], str]


def search(
    template: PromptTemplate,
    examples: Sequence[SearchRow],
    validation: Sequence[SearchRow],
    settings: OptimiserSettings,
    functions: SearchFunctions,
) -> None:
    """Try candidates until the method of the settings has ended. The functions record what was tried.

    `examples` are rows that may become worked examples and whose failures are shown to the proposer; candidates are
    scored on `validation`.
    """
    bridge = _Bridge(template, [*examples, *validation], functions)
    program = bridge.build_program()
    bridge.score_all(program, validation)  # the current version, which every method starts from
    shown, scored = bridge.to_examples(examples), bridge.to_examples(validation)
    import dspy

    with dspy.context(lm=bridge.build_proposer(), num_threads=settings.concurrency, provide_traceback=False):
        logging.getLogger("dspy").setLevel(logging.ERROR)
        _METHODS[settings.method](bridge, program, shown, scored, settings)


def _select_examples(bridge: "_Bridge", program: Any, shown: Any, scored: Any, settings: OptimiserSettings) -> None:
    from dspy.teleprompt import BootstrapFewShotWithRandomSearch

    optimiser = BootstrapFewShotWithRandomSearch(
        metric=bridge.measure,
        max_bootstrapped_demos=settings.max_examples,
        max_labeled_demos=settings.max_examples,
        num_candidate_programs=settings.candidates,
        num_threads=settings.concurrency,
        max_errors=len(shown) + len(scored),
    )
    optimiser.compile(program, trainset=shown, valset=scored)


def _run_mipro(bridge: "_Bridge", program: Any, shown: Any, scored: Any, settings: OptimiserSettings) -> None:
    from dspy.teleprompt import MIPROv2

    optimiser = MIPROv2(
        metric=bridge.measure,
        auto=None,
        num_candidates=settings.candidates,
        max_bootstrapped_demos=settings.max_examples,
        max_labeled_demos=settings.max_examples,
        num_threads=settings.concurrency,
        max_errors=len(shown) + len(scored),
        seed=settings.seed,
        init_temperature=PROPOSER_TEMPERATURE,
    )
    optimiser.compile(
        program,
        trainset=shown,
        valset=scored,
        num_trials=2 * settings.candidates,
        minibatch=False,
        program_aware_proposer=False,  # it would read the source of this program, which says nothing about the task
    )


def _run_gepa(bridge: "_Bridge", program: Any, shown: Any, scored: Any, settings: OptimiserSettings) -> None:
    import dspy

    optimiser = dspy.GEPA(
        metric=bridge.measure_with_feedback,
        max_full_evals=settings.candidates,
        reflection_lm=dspy.settings.lm,
        num_threads=settings.concurrency,
        warn_on_score_mismatch=False,
        seed=settings.seed,
    )
    optimiser.compile(program, trainset=shown, valset=scored)


_METHODS: dict[str, Callable[..., None]] = {"few_shot": _select_examples, "mipro": _run_mipro, "gepa": _run_gepa}


class _Bridge:
    """Connection of a program of DSPy with the prompt, the models and the scorers. Copies of programs share it."""

    def __init__(self, template: PromptTemplate, rows: Sequence[SearchRow], functions: SearchFunctions) -> None:
        self._template = template
        self._functions = functions
        self._rows = {_identify(row.variables): row for row in rows}
        self.inputs = list(dict.fromkeys(name for row in rows for name in row.variables))
        self.output = "answer" if "answer" not in self.inputs else "answer_text"

    def __deepcopy__(self, memo: Any) -> "_Bridge":
        return self

    def build_program(self) -> Any:
        """Return the program of the current version."""
        import dspy

        bridge = self

        class PromptStep(dspy.Predict):
            """Step that renders the prompt with the instructions and examples of the optimiser."""

            def forward(self, **kwargs: Any) -> Any:
                """Return the answer of the model and record it in the trace."""
                signature: Any = kwargs.pop("signature", None) or self.signature
                demos = kwargs.pop("demos", None) or self.demos
                inputs = {name: kwargs[name] for name in bridge.inputs if name in kwargs}
                candidate = bridge.read_candidate(signature.instructions, demos)
                prediction = dspy.Prediction(**{bridge.output: bridge.answer(candidate, inputs)})
                prediction._candidate = candidate
                if dspy.settings.trace is not None:
                    dspy.settings.trace.append((self, inputs, prediction))
                return prediction

        class PromptProgram(dspy.Module):
            """Program of one step."""

            def __init__(self) -> None:
                super().__init__()
                self.predict = PromptStep(bridge.build_signature())

            def forward(self, **kwargs: Any) -> Any:
                """Return the answer of the step."""
                return self.predict(**kwargs)

        return PromptProgram()

    def build_signature(self) -> Any:
        """Return the signature with the variables as inputs and the current instructions."""
        import dspy

        fields: dict[str, Any] = {}
        for name in self.inputs:
            about = str(self._template.variables.get(name, {}).get("description") or name)
            fields[name] = (Any, dspy.InputField(desc=about))
        fields[self.output] = (str, dspy.OutputField(desc="answer of the model"))
        build: Any = dspy.Signature
        return build(fields, read_instructions(self._template) or EMPTY_INSTRUCTIONS)

    def build_proposer(self) -> Any:
        """Return the model of DSPy that calls the proposer."""
        import dspy

        engine = _ProposerEngine(self._functions.propose)
        return dspy.LM(
            "vong/proposer",
            engine=engine,
            cache=False,
            num_retries=0,
            temperature=PROPOSER_TEMPERATURE,
            max_tokens=PROPOSER_MAX_TOKENS,
        )

    def to_examples(self, rows: Sequence[SearchRow]) -> list[Any]:
        """Return rows as examples of DSPy."""
        import dspy

        return [
            dspy.Example(**{**row.variables, self.output: row.expected}).with_inputs(*row.variables) for row in rows
        ]

    def read_candidate(self, instructions: str, demos: Sequence[Any]) -> PromptCandidate:
        """Return what the optimiser has set."""
        text = "" if instructions == EMPTY_INSTRUCTIONS else repair_instructions(instructions, self._template)
        examples: list[WorkedExample] = []
        for demo in demos:
            variables = {name: demo[name] for name in self.inputs if name in demo}
            examples.append(WorkedExample(variables=variables, answer=str(demo[self.output])))
        return PromptCandidate(instructions=text, examples=tuple(examples))

    def answer(self, candidate: PromptCandidate, variables: Mapping[str, Any]) -> str:
        """Return the answer of the model to a candidate."""
        return self._functions.answer(candidate, variables)

    def score_all(self, program: Any, rows: Sequence[SearchRow]) -> None:
        """Score a program on rows."""
        candidate = self.read_candidate(program.predict.signature.instructions, program.predict.demos)
        for row in rows:
            self._functions.score(candidate, row, self.answer(candidate, row.variables))

    def measure(self, example: Any, prediction: Any, _trace: Any = None) -> float:
        """Return the score of a prediction."""
        return self._score(example, prediction).value

    def measure_with_feedback(self, example: Any, prediction: Any, *_traces: Any, **_named_traces: Any) -> Any:
        """Return the score of a prediction with an explanation."""
        from dspy.teleprompt.gepa.gepa_utils import ScoreWithFeedback

        score = self._score(example, prediction)
        return ScoreWithFeedback(score=score.value, feedback=score.explanation)

    def _score(self, example: Any, prediction: Any) -> RowScore:
        row = self._rows[_identify({name: example[name] for name in self.inputs if name in example})]
        candidate = getattr(prediction, "_candidate", None)
        if candidate is None:
            candidate = PromptCandidate(instructions=read_instructions(self._template))
        return self._functions.score(candidate, row, str(prediction[self.output]))


class _ProposerEngine:
    """Engine of DSPy that calls the proposer through the gateway."""

    def __init__(self, propose: Callable[[Sequence[Mapping[str, str]], float, int], str]) -> None:
        self._propose = propose

    def complete(self, request: Any) -> Any:
        """Return the response to a request."""
        from dspy import lm15

        messages: list[dict[str, str]] = []
        if request.system:
            system = request.system if isinstance(request.system, str) else _join_parts(request.system)
            messages.append({"role": "system", "content": system})
        messages += [{"role": message.role, "content": _join_parts(message.parts)} for message in request.messages]
        temperature, max_tokens = request.config.temperature, request.config.max_tokens
        text = self._propose(
            messages,
            PROPOSER_TEMPERATURE if temperature is None else temperature,
            max_tokens or PROPOSER_MAX_TOKENS,
        )
        message = lm15.Message.assistant(text or " ")
        return lm15.Response(id=None, model=request.model, message=message, finish_reason="stop", usage=lm15.Usage())

    def __deepcopy__(self, memo: Any) -> "_ProposerEngine":
        return self

    def close(self) -> None:
        """Do nothing: the job closes its client."""


def _join_parts(parts: Any) -> str:
    return "\n".join(text for part in parts if isinstance(text := getattr(part, "text", None), str))


def _identify(variables: Mapping[str, Any]) -> str:
    import json

    return json.dumps(dict(variables), sort_keys=True, default=str)
