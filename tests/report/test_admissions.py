"""Waivers and attestations: each waiver with what came of it, each question with who answered."""

import msgspec
import pytest
from lxml import html

from conformance import catalogue
from conformance.model import Attestation, Attested
from conformance.report import SECTIONS, page
from conformance.report.ledger import open_ledger
from conformance.report.sections import admissions, environment


def view_of(report):
    return admissions.SECTION.view(open_ledger(report))


def section_of(report, anchor):
    tree = html.document_fromstring(page.render(report, SECTIONS).decode("utf-8"))
    return tree.get_element_by_id(anchor)


def text_of(element):
    return " ".join(element.text_content().split())


@pytest.fixture
def waived(sample):
    """A function that returns a report with these waivers and with what the verdict says of them."""

    def made(*changes, errors=(), notices=()):
        whole = sample.failing()
        (waiver,) = whole.run.waivers
        waivers = tuple(msgspec.structs.replace(waiver, **change) for change in changes)
        return msgspec.structs.replace(
            whole,
            run=msgspec.structs.replace(whole.run, waivers=waivers),
            verdict=msgspec.structs.replace(whole.verdict, waiver_errors=errors, waiver_notices=notices),
        )

    return made


def test_a_waiver_in_force_says_what_it_admits(waived):
    """One failure, owner, reason, issue, and until when."""
    report = waived({})
    (admission,) = view_of(report).admissions
    assert (admission.word, admission.admits, admission.messages) == ("in force", 1, ())
    told = text_of(section_of(report, "admissions"))
    for words in (
        "j.doe@example.com",
        "SMS-1432",
        "2 Nov 2026",
        "30 Jan 2027",
        "a better one comes with 7.3",
    ):
        assert words in told


def test_a_waiver_of_what_could_not_be_tested_has_no_kind_of_miss(waived):
    """Such a result has none, and the row does without it."""
    told = text_of(section_of(waived({"status": "not_testable", "subcode": None}), "admissions"))
    assert "not_testable, “" in told


@pytest.mark.parametrize(
    ("change", "said", "word"),
    [
        ({}, {"errors": ("waiver for KS-K12: expired on 2026-11-20; mend it",)}, "does not hold"),
        (
            {"message_prefix": "another"},
            {"errors": ("waiver for KS-K12: made for another failure",)},
            "does not hold",
        ),
        (
            {"requirement": "KS-K02"},
            {"errors": ("waiver for KS-K02: stale, nothing fails in this way any more",)},
            "does not hold",
        ),
        ({}, {"notices": ("waiver for KS-K12: expires in 3 days, on 2026-11-24",)}, "ends soon"),
    ],
)
def test_each_message_of_the_verdict_stands_beside_its_waiver(waived, change, said, word):
    """Expired, of another failure, stale, about to end: word and message, in the row."""
    report = waived(change, **said)
    (admission,) = view_of(report).admissions
    (message,) = (*said.get("errors", ()), *said.get("notices", ()))
    assert (admission.word, admission.messages) == (word, (message.partition(": ")[2],))
    assert view_of(report).loose == ()


def test_a_message_that_could_mean_two_waivers_stands_by_itself(waived):
    """Two waivers of one requirement: nothing is said of the wrong one."""
    error = "waiver for KS-K12: stale, nothing fails in this way any more; remove it"
    report = waived({}, {"message_prefix": "something else"}, errors=(error,))
    view = view_of(report)
    assert [each.messages for each in view.admissions] == [(), ()]
    assert [message for _, message in view.loose] == [error]
    assert error in text_of(section_of(report, "admissions"))


def test_a_waiver_of_what_cannot_be_waived_admits_nothing(waived):
    """A token used for another organisation blocks in spite of it, and the row says why."""
    report = waived(
        {
            "requirement": "STS-P06",
            "subcode": "accepted_invalid",
            "message_prefix": "the call for ABN",
        }
    )
    (admission,) = view_of(report).admissions
    assert (admission.word, admission.admits) == ("admits nothing", 0)
    assert admission.messages == ("what fails here cannot be waived",)


def test_without_waivers_it_says_so(sample):
    """No failure is admitted."""
    assert "No waivers: no failure is admitted." in text_of(section_of(sample.ready(), "admissions"))


def test_open_questions_come_first_with_what_they_take(sample):
    """A no is open too; an answered one shows name, date, note and digest."""
    report = sample.conditional()
    view = view_of(report)
    words = ["open", "open", "open", "open", "open", "no", "open", "open", "open", "open"]
    assert [each.word for each in view.answers] == [*words, "yes", "yes", "does not apply"]
    assert view.open == 10
    told = text_of(section_of(report, "admissions"))
    assert "10 questions are open" in told
    assert "evte attest --profile usi-cloud" in told
    assert "Sam Operator, 19 Nov 2026" in told
    assert "NTP is switched off on two of the four machines." in told
    assert "renewal-plan.pdf sha256:3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b" in told
    assert "For a yes:" in told


def test_each_question_has_a_place_of_its_own(sample):
    """The sheet links to `#ATT-…`."""
    section = section_of(sample.conditional(), "admissions")
    assert set(catalogue.profile("usi-cloud").questions) <= set(section.xpath(".//@id"))


def test_the_later_of_two_answers_counts_and_a_stray_one_is_listed_apart(sample):
    """What the profile does not ask changes nothing, and is not hidden either."""
    whole = sample.conditional()
    given = (
        *whole.run.attestations,
        Attestation(question="ATT-REG-01", answer=Attested.NO, name="Late", date="2026-11-21", note="x"),
        Attestation(question="ATT-OSF-01", answer=Attested.YES, name="Stray", date="2026-11-21"),
    )
    report = msgspec.structs.replace(whole, run=msgspec.structs.replace(whole.run, attestations=given))
    view = view_of(report)
    (first,) = (each for each in view.answers if each.question == "ATT-REG-01")
    assert first.attestation.name == "Late"
    assert [each.question for each in view.stray] == ["ATT-OSF-01"]
    assert "Answered, and not asked by this profile" in text_of(section_of(report, "admissions"))


def test_a_profile_that_asks_nothing_says_so(sample):
    """Smoke, for instance."""
    assert "asks for none" in text_of(section_of(sample.ready(), "admissions"))


def test_the_examination_shows_what_is_not_well_first(sample):
    """With its owner and what to try; one that was not held says how to hold it."""
    view = environment.SECTION.view(open_ledger(sample.conditional()))
    assert [(each.word, each.finding.check) for each in view.doctor] == [("note", "clock"), ("ok", "harness")]
    told = text_of(section_of(sample.conditional(), "environment"))
    assert "1 thing to look at" in told
    assert "this machine's time service is not running (environment)Try: switch NTP on" in told
    assert "Was not held with this run" in text_of(section_of(sample.ready(), "environment"))
