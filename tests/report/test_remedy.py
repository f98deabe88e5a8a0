"""The remedy suits the product's language where the catalogue has it."""

import msgspec
import pytest

from conformance.report.remedy import remedy


@pytest.fixture
def requirement(sample):
    first = sample.requirements()[0]
    return msgspec.structs.replace(first, mend={"any": "for all", "csharp": "for C#", "java": "for Java"})


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("C#", ("for C#", "C#")),
        ("C# 14", ("for C#", "C# 14")),
        ("java", ("for Java", "java")),
        ("Kotlin", ("for Java", "Kotlin")),
        ("Delphi", ("for all", "")),
        ("", ("for all", "")),
    ],
)
def test_suits_the_language(requirement, language, found):
    """A language is known by its common names, and the remedy for all stands in for the others."""
    assert remedy(requirement, language) == found
