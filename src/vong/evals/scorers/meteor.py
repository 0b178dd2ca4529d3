"""METEOR, computed by nltk with a local WordNet."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

from pydantic import Field, NonNegativeFloat

from vong.errors import InvalidInput
from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import extract_field
from vong.evals.scorers.words import find_words

GROUP = "overlap"
DATA_HINT = (
    "install WordNet once with: python -m nltk.downloader wordnet (or set NLTK_DATA to a folder with corpora/wordnet), "
    "or write meteor:synonyms=false"
)


def meteor(
    synonyms: bool = True,
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.9,
    beta: NonNegativeFloat = 3.0,
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.5,
    field: str = "",
) -> Scorer:
    """Compute METEOR (Banerjee and Lavie 2005), equal to `nltk.translate.meteor_score`; the total is the mean.

    Words match if they are equal, have the same Porter stem, or are synonyms in the English WordNet; the score weighs
    precision against recall and lowers it for words in another order. With several references, the best counts.

    `synonyms`: use WordNet. Its data must be on this server: nothing is downloaded. `alpha`, `beta`, `gamma`: weights
    of precision, of fragmentation and of its penalty. `field`: score this field of JSON outputs. Texts are split into
    words of all scripts in lower case; English texts give the best results.
    """
    from nltk.translate.meteor_score import single_meteor_score

    wordnet: Any = load_wordnet() if synonyms else NoSynonyms()

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        expected, actual = find_words(extract_field(reference, field)), find_words(extract_field(answer, field))
        return {"meteor": mean_metric(compute(expected, actual))}

    def compute(expected: Sequence[str], actual: Sequence[str]) -> float:
        return float(single_meteor_score(expected, actual, wordnet=wordnet, alpha=alpha, beta=beta, gamma=gamma))

    weights = f"alpha:{alpha:g}|beta:{beta:g}|gamma:{gamma:g}"
    used = f"WordNet {wordnet.get_version()}" if synonyms else "none"
    suffix = f"|field:{field}" if field else ""
    return Scorer(f"METEOR|nltk:{version('nltk')}|synonyms:{used}|{weights}|tokenizer:unicode{suffix}", measure)


class NoSynonyms:
    """WordNet without any words."""

    def synsets(self, lemma: str) -> list[Any]:
        """Return no synonyms."""
        del lemma
        return []


def load_wordnet() -> Any:
    """Return nltk's WordNet.

    Raises: InvalidInput if its data is not on this server.
    """
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
        wordnet.synsets("car")
    except (LookupError, OSError, ValueError) as error:
        raise InvalidInput("METEOR needs the data of WordNet, which is not on this server", DATA_HINT) from error
    return wordnet
