"""Which remediation to show: the check's own, then the catalogue's for the language, then the one for all."""

from typing import Final

from conformance.model import Requirement

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "c#": ("csharp", "c#", "dotnet", ".net"),
    "csharp": ("csharp", "c#", "dotnet", ".net"),
    ".net": ("dotnet", ".net", "csharp"),
    "dotnet": ("dotnet", ".net", "csharp"),
    "vb.net": ("vb.net", "dotnet", ".net"),
    "f#": ("f#", "dotnet", ".net"),
    "java": ("java", "jvm"),
    "kotlin": ("kotlin", "jvm", "java"),
    "scala": ("scala", "jvm", "java"),
    "javascript": ("javascript", "node", "typescript"),
    "typescript": ("typescript", "javascript", "node"),
    "node": ("node", "javascript"),
    "node.js": ("node", "javascript"),
}
"""Keys of `Requirement.mend` that suit a language, best first; a language not listed has its own name."""

ANY: Final = "any"


def remedy(requirement: Requirement, language: str) -> tuple[str, str]:
    """Return a remediation and the language that it is written for, which is empty for one that suits all.

    Args:
        requirement: whose `mend` table is searched.
        language: as the implementation names its own, in any case; a version behind it does not matter.
    """
    texts = {key.casefold(): text for key, text in requirement.mend.items()}
    words = language.casefold().replace(",", " ").split()
    for key in _KEYS.get(words[0], (words[0],)) if words else ():
        if texts.get(key):
            return texts[key], language
    return texts.get(ANY, ""), ""
