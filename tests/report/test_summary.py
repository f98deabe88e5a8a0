"""`summary.md` fits a CI page and cannot be taken over by what it quotes."""

import re

import msgspec
import pytest

from conformance.model import Change, ChangeKind, Changes, LookAlike
from conformance.report import comparison, markdown, summary


def test_begins_with_the_verdict(report):
    """The first line is the verdict's word, the second its reason."""
    lines = summary.render(report).decode().splitlines()
    assert re.fullmatch(rf"## \S+ {report.verdict.readiness.value.capitalize()}", lines[0])
    assert lines[2].startswith("**")


def test_fits_a_ci_page(report):
    """However large the run, the page stays far below the limit of GitHub (1 MiB)."""
    assert len(summary.render(report)) < 60_000


def test_tables_have_even_rows(report):
    """Each row of a table has as many cells as its heading, whatever stands in the cells."""
    width = 0
    for line in summary.render(report).decode().splitlines():
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = width or cells
            assert cells == width, line
        else:
            width = 0


def test_failures_have_their_command(sample):
    """Each failure has the command that runs it again."""
    text = summary.render(sample.failing()).decode()
    assert "`evte run --iut 'cmd:dotnet run --project harness' --profile usi-cloud --only 'STS-R11[" in text


def test_hostile_text_stays_text(sample):
    """Neither markup nor a mention nor a control survives outside code."""
    text = summary.render(sample.hostile()).decode()
    outside = re.sub(r"(`+).*?\1", "", text)
    assert "<script" not in outside
    assert "@all" not in outside
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufeff]", text)


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("a | b", "a &#124; b"),
        ("<b>", "&#60;b&#62;"),
        ("@team", "&#64;team"),
        ("fixes #12", "fixes &#35;12"),
        ("https://x.example", "https&#58;//x.example"),
        ("www.x.example", "www&#46;x.example"),
        (":tada:", "&#58;tada:"),
        ("_it_ snake_case", "&#95;it&#95; snake_case"),
        ("two\nlines", "two ⏎ lines"),
    ],
)
def test_prose_is_not_acted_upon(given_text, written):
    """What Markdown or GitHub would act on is written as a character reference."""
    assert markdown.prose(given_text) == written


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a|b", "`a\\|b`"),
        ("", ""),
        ("F\u041d", "`F\u041d⟨U+041D⟩`"),
    ],
)
def test_code_cannot_be_left(given_text, written):
    """A code span has a longer fence than anything in it."""
    assert markdown.code(given_text) == written


def test_names_what_newly_fails(sample):
    """Against a baseline the page has a line per kind of change, newly failing ones first."""
    report = sample.failing()
    changes = Changes(
        baseline=comparison.stored(sample.ready()),
        changes=(
            Change(requirement="KS-K02", case="a", kind=ChangeKind.MENDED),
            Change(requirement="STS-R11", case="signs_with_sha256", kind=ChangeKind.NEWLY_FAILING),
            Change(requirement="STS-R11", case="other", kind=ChangeKind.NEWLY_FAILING),
        ),
    )
    text = summary.render(msgspec.structs.replace(report, changes=changes)).decode()
    assert "### Since the baseline\n\ncompared with EVTE reference implementation 1.0.0 of " in text
    assert "- ❌ newly failing, 2 points: `STS-R11`\n- ✅ mended, 1 point: `KS-K02`\n" in text
    unchanged = msgspec.structs.replace(report, changes=msgspec.structs.replace(changes, changes=()))
    assert "Every point stands as it did." in summary.render(unchanged).decode()


def test_names_open_attestations(sample):
    """Whoever reads the page knows what nobody has answered for, and how to answer."""
    text = summary.render(sample.crowded()).decode()
    assert "### Open attestations: " in text
    assert "`evte attest` asks them and keeps the answers." in text
    assert "Open attestations" not in summary.render(sample.ready()).decode()


def test_names_waivers(sample):
    """Waivers that are wrong or soon end are told, and those in force are counted."""
    report = sample.failing()
    verdict = msgspec.structs.replace(
        report.verdict,
        waiver_errors=("waiver for A: stale",),
        waiver_notices=("waiver for B: expires today",),
    )
    text = summary.render(msgspec.structs.replace(report, verdict=verdict)).decode()
    assert (
        "### Waivers\n\n- ❌ waiver for A: stale\n- ⚠️ waiver for B: expires today\n- 1 waiver in force"
        in text
    )


def test_names_a_likely_cause_once(sample):
    """Misses that one known mistake explains are told together, and a mistake that explains one is not."""
    alike = LookAlike(
        mutant="signs-with-sha1",
        sentence="Signs with SHA-1.",
        mend="Configure the method by its URI.",
        requirements=("STS-R11", "STS-R12"),
        similarity=1.0,
    )
    again = msgspec.structs.replace(alike, mutant="other", sentence="Something else.")
    single = msgspec.structs.replace(alike, mutant="single", requirements=("KS-K12",))
    report = msgspec.structs.replace(sample.failing(), look_alikes=(alike, again, single))
    lines = [line for line in summary.render(report).decode().splitlines() if "look like one mistake" in line]
    assert lines == [
        "- `STS-R11`, `STS-R12` look like one mistake: Signs with SHA-1. Configure the method by its URI."
    ]
