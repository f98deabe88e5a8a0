"""Marks show what differs and nothing else."""

from conformance.report.difference import compare


def test_marks_one_wrong_letter():
    """Values of equal length are compared letter by letter."""
    assert compare("BNGH7C75FN", "BNGH7C75FM") == (
        "BNGH7C75F<ins>N</ins>",
        "BNGH7C75F<mark>M</mark>",
    )


def test_marks_words():
    """Sentences are compared word by word."""
    assert compare("renewal_due: true", "renewal_due: false") == (
        "renewal_due: <ins>true</ins>",
        "renewal_due: <mark>false</mark>",
    )


def test_leaves_different_texts_alone():
    """Texts with little in common are shown without marks."""
    assert compare("a refusal: not in the alphabet", "accepted") == (
        "a refusal: not in the alphabet",
        "accepted",
    )


def test_escapes_inside_marks():
    """What is marked is escaped like everything else."""
    assert compare("name <b>", "name <i>") == ("name &lt;<ins>b</ins>&gt;", "name &lt;<mark>i</mark>&gt;")


def test_does_not_compare_a_megabyte():
    """Long texts are bounded and not compared."""
    ours, theirs = compare("A" * 1_000_000, "B" * 1_000_000)
    assert len(ours) < 1_200
    assert "<mark>" not in theirs
