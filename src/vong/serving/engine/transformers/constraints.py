"""Constrained decoding with llguidance: the tokens that a grammar allows next.

This module requires torch and llguidance. Only the engine `transformers` imports it, in a separate process.
"""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from vong.errors import InvalidInput, MissingExtra, VongError

BIT_SHIFTS = torch.arange(8, dtype=torch.uint8)
HINT = "change the schema or the grammar"


class GrammarCompiler:
    """Compiler of grammars for one tokenizer."""

    def __init__(self, tokenizer: Any, vocabulary_size: int, end_token_ids: set[int]) -> None:
        try:
            self._library: Any = import_module("llguidance")
            convert: Any = import_module("llguidance.hf").from_tokenizer
        except ImportError as error:
            raise MissingExtra("llguidance", "serving") from error
        size = max(vocabulary_size, len(tokenizer))
        try:
            self._tokenizer = convert(tokenizer, n_vocab=size, eos_token=sorted(end_token_ids))
        except ValueError as error:
            message = "the tokenizer of this model cannot constrain its output"
            raise InvalidInput(f"{message}: {error}", "send the request without tools and response_format") from error

    def compile_lark(self, grammar: str) -> "GrammarMatcher":
        """Return the matcher of a grammar in llguidance's own notation.

        Raises: InvalidInput if a JSON schema in it cannot be obeyed.
        """
        return self._compile(self._library.LLMatcher.grammar_from_lark(grammar))

    def compile_gbnf(self, grammar: str) -> "GrammarMatcher":
        """Return the matcher of a grammar in llama.cpp's notation.

        Raises: InvalidInput if the grammar is invalid.
        """
        try:
            return self._compile(self._library.grammar_from("gbnf", grammar))
        except ValueError as error:
            raise InvalidInput(f"the grammar is invalid: {error}", HINT) from error

    def _compile(self, grammar: str) -> "GrammarMatcher":
        if error := self._library.LLMatcher.validate_grammar(grammar, self._tokenizer):
            raise InvalidInput(f"the output cannot be constrained: {error[:400]}", HINT)
        return GrammarMatcher(self._library.LLMatcher(self._tokenizer, grammar, log_level=0))


class GrammarMatcher:
    """Position in a grammar of one completion."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def mask(self, scores: Tensor) -> Tensor:
        """Return the scores, with minus infinity for each token that the grammar does not allow next.

        Raises: VongError if the grammar exceeds the limits of the library.
        """
        packed = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        if self._matcher.is_error():
            raise VongError(f"the output cannot be constrained: {self._matcher.get_error()[:400]}", HINT)
        allowed = (packed[:, None] >> BIT_SHIFTS & 1).flatten()[: scores.shape[-1]].bool()
        if len(allowed) < scores.shape[-1]:
            allowed = torch.nn.functional.pad(allowed, (0, scores.shape[-1] - len(allowed)))
        return scores.masked_fill(~allowed.to(scores.device), float("-inf"))

    def accept(self, token: int) -> None:
        """Move past a token that was selected."""
        if not self._matcher.is_stopped():
            self._matcher.consume_token(token)
