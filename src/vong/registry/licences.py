"""Terms of common model licences, as far as they concern a fine-tuned model. No legal advice."""

import re

from vong.records.model_bundle import LicenceTerms

ATTRIBUTION = "keep the licence text and the copyright notices with the weights"
LLAMA_CONDITIONS = (
    "the name of a model that is distributed must begin with 'Llama'",
    "display 'Built with Llama' where the model is used or distributed, and include the licence and its notice file",
    "a separate licence from Meta is needed above 700 million monthly users",
    "follow Meta's acceptable use policy",
)
GEMMA_CONDITIONS = (
    "pass on the Gemma terms of use and the prohibited use policy, and state that the files were modified",
    "follow Google's prohibited use policy",
)
QWEN_CONDITIONS = (
    "display 'Built with Qwen' or 'Improved using Qwen' for a distributed model",
    "a separate licence from Alibaba Cloud is needed above 100 million monthly users",
)
FALCON_CONDITIONS = (
    "keep the licence and the attribution to the Technology Innovation Institute",
    "follow the acceptable use policy of Falcon; hosting as a shared service needs a separate agreement",
)

TERMS: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("apache-?2(\\.0)?", "Apache License 2.0", True, (ATTRIBUTION, "state which files were changed")),
    ("mit", "MIT License", True, (ATTRIBUTION,)),
    ("bsd-[23]-clause", "BSD License", True, (ATTRIBUTION,)),
    ("llama-?[234](\\.\\d)?(-community.*)?", "Llama Community License", True, LLAMA_CONDITIONS),
    ("gemma.*", "Gemma Terms of Use", True, GEMMA_CONDITIONS),
    ("qwen-research.*", "Qwen Research License", False, ("non-commercial research only",)),
    ("(tongyi-)?qwen.*", "Qwen License", True, QWEN_CONDITIONS),
    ("falcon.*", "Falcon License", True, FALCON_CONDITIONS),
    ("cc-by-nc.*", "Creative Commons, non-commercial", False, (ATTRIBUTION, "no commercial use")),
    ("cc-by-sa.*", "Creative Commons, share alike", True, (ATTRIBUTION, "publish changes under the same licence")),
    ("cc-by(-\\d.*)?", "Creative Commons Attribution", True, (ATTRIBUTION,)),
    ("cc0.*|unlicense", "public domain", True, ()),
)
"""Pattern of the identifier, name, commercial use and conditions. The first match applies."""


def find_terms(licence: str | None) -> LicenceTerms:
    """Return the terms of a licence identifier. An unknown or missing licence has a warning."""
    if not licence or not licence.strip():
        warning = "no licence is recorded; find out the terms of the weights before you use or distribute them"
        return LicenceTerms(licence=licence, name="none recorded", commercial=None, warning=warning)
    identifier = re.sub(r"[\s_]+", "-", licence.strip().lower())
    for pattern, name, commercial, conditions in TERMS:
        if re.fullmatch(pattern, identifier):
            warning = None if commercial else f"{name} permits no commercial use"
            return LicenceTerms(
                licence=licence, name=name, commercial=commercial, conditions=conditions, warning=warning
            )
    warning = f"the terms of the licence {licence!r} are unknown here; read them before you use the model"
    return LicenceTerms(licence=licence, name=licence, commercial=None, warning=warning)


def find_conflicts(model_name: str, own: LicenceTerms, base: LicenceTerms | None) -> list[str]:
    """Return warnings about a model's licence, its base's licence, and the two together."""
    warnings = [own.warning, base.warning if base and base.licence != own.licence else None]
    terms = [one for one in (own, base) if one]
    if any(one.name == "Llama Community License" for one in terms) and not model_name.lower().startswith("llama"):
        warnings.append(f"rename {model_name!r} before you distribute it: its name must begin with 'Llama'")
    if base and own.commercial and base.commercial is False:
        warnings.append(f"the licence {own.licence} permits more than that of the base ({base.licence})")
    return [warning for warning in warnings if warning]
