"""What to mend first: by likely cause, each with what it takes to see it again and to mend it."""

import msgspec
from lxml import html

from conformance.report import SECTIONS, page
from conformance.report.ledger import open_ledger
from conformance.report.sections import mend


def text_of(element):
    return " ".join(element.text_content().split())


def drawn(report):
    return html.document_fromstring(page.render(report, SECTIONS).decode("utf-8"))


def view_of(report):
    return mend.SECTION.view(open_ledger(report))


def test_findings_of_one_cause_stand_together(sample):
    """Under the sentence of the wrong implementation that misses the same, with its remedy and its name."""
    tree = drawn(sample.failing())
    (cause,) = tree.xpath("//section[@class='cause']")
    assert [card.get("id") for card in cause.xpath(".//article")] == ["mend-USI-CHK-02", "mend-USI-VER-02"]
    told = text_of(cause)
    assert told.startswith("2 findings, probably of one cause Folds a text to ASCII before it looks at it.")
    assert "Judge the text as it was typed." in told
    assert "mutant:folds-everything does so; likeness of all that is missed: 40 %." in told


def test_a_finding_alone_tells_its_cause_itself(sample):
    """In its card, and under no heading."""
    told = text_of(drawn(sample.failing()).get_element_by_id("mend-STS-R11"))
    assert "Likely cause" in told
    assert "Signs with SHA-1. Name the signature method by its URI." in told


def test_cards_are_numbered_as_they_stand(sample):
    """From one on, without a gap, over all groups."""
    cards = drawn(sample.failing()).xpath("//article/h4")
    assert [int(text_of(card).partition(".")[0]) for card in cards] == [1, 2, 3, 4, 5, 6, 7]


def test_a_stored_example_is_tried_again_from_the_folder_of_the_report(sample):
    """By its file and the implementation, as the shell of the run's machine quotes it; and by hand."""
    told = text_of(drawn(sample.failing()).get_element_by_id("mend-USI-CHK-02"))
    name = "USI-CHK-02-refuses_strangers-cyrillic-en"
    assert f"evte replay replay/{name}.json --iut 'cmd:dotnet run --project harness'In the folder" in told
    assert f"YOUR-HARNESS < replay/{name}.jsonl" in told


def test_the_operators_own_credential_is_named_again(sample):
    """The replay takes the same keystore as the run."""
    report = sample.failing()
    run = (
        "evte run --iut 'cmd:x --profile y' --profile usi-local --seed 7 "
        "--keystore 'my store.xml' --alias ABRD:x --password-env SECRET --only 'USI-CHK-02[a]'"
    )
    results = tuple(
        msgspec.structs.replace(each, replay=run) if each.counter_example else each
        for each in report.run.results
    )
    changed = msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, results=results))
    (card,) = (card for card in view_of(changed).blocking if card.stored)
    assert card.again == (
        "evte replay replay/USI-CHK-02-refuses_strangers-cyrillic-en.json --iut 'cmd:x --profile y' "
        "--keystore 'my store.xml' --alias ABRD:x --password-env SECRET"
    )


def test_an_example_that_is_not_in_the_report_is_not_offered(sample):
    """A name alone is no file."""
    report = msgspec.structs.replace(sample.failing(), counter_examples=())
    assert not any(card.again for card in view_of(report).blocking)


def test_a_waiver_is_offered_where_one_could_admit_the_failure(sample):
    """Ready but for owner, reason and issue; not for what cannot be waived, nor for what blocks nothing."""
    view = view_of(sample.failing())
    offered = {card.entry.requirement.id: card.waiver for card in view.blocking}
    assert offered["STS-P06"] == ""
    assert 'requirement = "STS-R11"' in offered["STS-R11"]
    assert 'owner = ""' in offered["STS-R11"]
    assert 'added = "2026-11-21"' in offered["STS-R11"]
    assert not any(card.waiver for card in view.conditions)


def test_a_run_without_a_date_offers_no_waiver(sample):
    """Nothing is invented, and nothing falls over."""
    report = sample.failing()
    undated = msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, started="soon"))
    assert not any(card.waiver for card in view_of(undated).blocking)


def test_where_a_requirement_stands_is_said_at_once(sample):
    """Document and clause follow the sentence."""
    card = drawn(sample.failing()).get_element_by_id("mend-STS-R11")
    (source,) = card.xpath("./p[@class='source']")
    assert text_of(source) == "MAS-ST service definition, v1.3, algorithm suite (observed)"
    assert source.getprevious().tag == "h4"


def test_nothing_fails_nothing_is_mended(sample):
    """A ready product has no card and no group."""
    view = view_of(sample.ready())
    assert view.groups == {"blocking": (), "conditions": (), "uncounted": ()}
