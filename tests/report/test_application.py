"""The registration sheet: what is missing and why it is asked for, a text for each road, the steps ahead."""

import msgspec
import pytest
from lxml import html

from conformance import catalogue
from conformance.model import Deployment, Environment, Readiness
from conformance.report import SECTIONS, application, page

FULL_WIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
FULL = ("organisation", "abn", "product", "version", "deployment", "environments", "software_id")
FULL += ("organisation_types", "operations", "contact", "phone", "email")


@pytest.fixture
def report(sample):
    """A function that returns a report of a cloud product, with some of the registration changed."""

    def made(profile="usi-cloud", readiness=Readiness.READY, **changes):
        whole = sample.conditional()
        stated = msgspec.structs.replace(sample.REGISTRATION, **changes)
        run = msgspec.structs.replace(whole.run, registration=stated, profile=catalogue.profile(profile))
        verdict = msgspec.structs.replace(whole.verdict, readiness=readiness, open_questions=())
        return msgspec.structs.replace(whole, run=run, verdict=verdict)

    return made


def keys(fields):
    return tuple(field.key for field in fields)


def field_of(report, key):
    (found,) = (field for field in application.fields(report) if field.key == key)
    return found


def text_of(element):
    return " ".join(element.text_content().split())


def test_a_full_registration_lacks_nothing(report):
    """Every field is stated and agrees with the run."""
    assert keys(application.fields(report())) == FULL
    assert application.outstanding(report()) == ()


def test_without_a_plan_every_field_is_missing(sample):
    """All that a cloud product is asked for, each with its reason."""
    fields = application.fields(sample.ready())
    assert keys(fields) == FULL
    assert all(field.missing and field.why.endswith(".") for field in fields)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"organisation": ""}, "organisation"),
        ({"contact": "  "}, "contact"),
        ({"contact": "FILL IN"}, "contact"),
        ({"product": "<todo>"}, "product"),
        ({"abn": "..."}, "abn"),
        ({"deployment": None}, "deployment"),
        ({"environments": ()}, "environments"),
        ({"operations": ()}, "operations"),
        ({"software_id": ""}, "software_id"),
    ],
)
def test_what_is_empty_or_holds_a_place_is_missing(report, change, key):
    """A text that only keeps the place of an answer is none."""
    (lacking,) = application.outstanding(report(**change))
    assert (lacking.key, lacking.missing) == (key, True)


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ({"abn": "96312011218"}, "abn", "The check digits of this ABN do not come out."),
        ({"abn": "96 312 011 219"}, "abn", "An ABN is eleven digits, without blanks."),
        ({"abn": "96312011219".translate(FULL_WIDTH)}, "abn", "An ABN is eleven digits, without blanks."),
        ({"version": "7.1.9"}, "version", "What was run is version 7.2.0."),
        (
            {"deployment": Deployment.DESKTOP},
            "deployment",
            "The profile usi-cloud acts for clients, which is for cloud products.",
        ),
        ({"software_id": "123400"}, "software_id", "A software ID is ten digits, leading zeros included."),
        ({"software_id": "0000123400\n"}, "", ""),
        (
            {"software_id": "٠٠٠٠١٢٣٤٠٠"},
            "software_id",
            "A software ID is ten digits, leading zeros included.",
        ),
        (
            {"environments": (Environment.SBR1,)},
            "environments",
            "The profile calls the registry, so that USI 3PT should be among them.",
        ),
        (
            {"operations": ("VerifyUSI", "CreateUSI")},
            "operations",
            "In the run the product did not offer CreateUSI.",
        ),
        ({"phone": "ext. 12"}, "phone", "That is no number that can be called."),
        ({"email": "nobody"}, "email", "That is no e-mail address."),
    ],
)
def test_what_cannot_be_right_is_told(report, change, key, problem):
    """Each is told in a sentence beside its value."""
    wrong = [(field.key, field.problem) for field in application.fields(report(**change)) if field.problem]
    expected = [(key, problem)] if key else []
    # A desktop product has no software ID either.
    if change == {"deployment": Deployment.DESKTOP}:
        expected.append(("software_id", "Only a cloud product has a software ID."))
    assert wrong == expected


def test_a_product_that_is_not_cloud_is_not_asked_for_a_software_id(report):
    """Nor told that it lacks one; one that is stated all the same is told."""
    local = report("usi-local", deployment=Deployment.DESKTOP, software_id="")
    assert keys(application.fields(local)) == tuple(key for key in FULL if key != "software_id")
    stated = report("usi-local", deployment=Deployment.ON_PREMISES)
    assert field_of(stated, "software_id").problem == "Only a cloud product has a software ID."


def test_a_token_for_sbr_is_not_asked_for_the_registry(report):
    """No operations, no types of organisation; the environment must be SBR's."""
    made = report("sbr-token", deployment=Deployment.DESKTOP, software_id="")
    assert not {"operations", "organisation_types", "software_id"} & set(keys(application.fields(made)))
    assert application.outstanding(made) == ()
    other = report("sbr-token", environments=(Environment.USI_3PT,))
    assert field_of(other, "environments").problem == "The profile is for SBR: name SBR1 or SBR2."


def test_what_differs_from_the_run_without_being_wrong_is_a_note(report):
    """A trade name, an operation that is offered beyond those applied for."""
    assert (
        field_of(report(product="Other"), "product").note
        == "In the run the product called itself Example SMS."
    )
    assert (
        field_of(report(operations=("GetCountries",)), "operations").note
        == "The product also offers VerifyUSI."
    )
    local = report("usi-local")
    assert "run the profile usi-cloud" in field_of(local, "deployment").note


def test_for_what_is_missing_the_run_is_heard(report):
    """Product, version and operations as the product stated them; a synthetic credential tells no ABN."""
    made = report(product="", version="TBA", operations=(), abn="")
    told = {field.key: field.note for field in application.outstanding(made)}
    assert told == {
        "product": "In the run: Example SMS",
        "version": "In the run: 7.2.0",
        "operations": "In the run: VerifyUSI",
        "abn": "",
    }


def test_each_road_has_its_text(report):
    """The three published roads, each with the heading and the address that the pages name."""
    product, mail, usi = application.roads(report())
    assert product.text.splitlines()[:5] == [
        "Register your product and enter EVTE",
        "",
        "Environment: SBR1",
        "Organisation: Example Software Pty Ltd",
        "ABN: 96312011219",
    ]
    assert mail.text.splitlines()[:4] == [
        "To: DPO@ato.gov.au",
        "Subject: Register for M2M testing in EVTE",
        "",
        "Please register us for testing the machine-to-machine (M2M) credential in EVTE, environment SBR1.",
    ]
    assert usi.text.splitlines()[:3] == [
        "USI developer kit application",
        "",
        "Environment: USI third-party testing (3PT), web services version 5",
    ]
    assert "Software ID: 0000123400" in usi.text
    assert "Software ID" not in mail.text
    for road in (product, mail, usi):
        assert "Main contact: Jo Citizen\nPhone: 02 5550 0123\nE-mail: integration@example.com" in road.text
        assert "profile usi-cloud 2026.1, on 21 Nov 2026, 10:42 UTC: READY." in road.text
        assert road.text.splitlines()[-1].startswith("That is our own statement")
        assert "no certificate" in road.text


def test_a_text_of_what_is_not_ready_says_so(report):
    """Nobody pastes by mistake that he is ready."""
    for road in application.roads(report(readiness=Readiness.NOT_READY)):
        assert "UTC: NOT READY." in road.text
        assert "ready to apply" not in road.text


def test_a_gap_in_a_text_is_plain(sample):
    """What is missing stands in brackets; a first application has no software ID, which is no mistake."""
    roads = application.roads(sample.ready())
    assert all(road.chosen for road in roads)
    assert "environment [missing: SBR1 or SBR2]." in roads[1].text
    assert "Phone: [missing: Phone]" in roads[2].text
    assert "Software ID: not assigned yet" in roads[2].text


@pytest.mark.parametrize(
    ("environments", "chosen"),
    [
        ((Environment.USI_3PT,), [False, False, True]),
        ((Environment.SBR1, Environment.SBR2), [True, True, False]),
        (tuple(Environment), [True, True, True]),
        ((), [True, True, True]),
    ],
)
def test_the_environment_chooses_the_road(report, environments, chosen):
    """SBR by the request or the mail, the USI by its form; whoever names none sees them all."""
    roads = application.roads(report(environments=environments))
    assert [road.chosen for road in roads] == chosen


def test_a_value_cannot_add_a_line_to_a_text(report):
    """A line feed in a contact makes no second heading of a mail."""
    made = report(contact="Jo\r\nSubject: another\nBcc: x@example.com")
    for road in application.roads(made):
        assert not [line for line in road.text.splitlines() if line.startswith("Bcc:")]
        assert sum(line.startswith("Subject:") for line in road.text.splitlines()) <= 1


TITLES = {
    "mend": "Mend what stands in the way, and run again",
    "fill": "Complete this sheet",
    "apply": "Apply",
    "own": "Run again with the credential of the developer kit",
    "3pt": "Test in USI 3PT",
    "sbr": "Test in EVTE as the welcome pack describes",
    "provider": "Apply in RAM as a digital service provider (cloud)",
    "access": "System Access Request, per client",
    "credential": "Machine credential in RAM, per client (desktop, on premises)",
    "notification": "My cloud software notification in RAM, per client (cloud)",
    "renew": "Renew the credential before two years are over",
}


def ahead(report):
    return [step.title for step in application.steps(report)]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (
            {"environments": (Environment.USI_3PT,)},
            ["apply", "own", "3pt", "provider", "access", "notification", "renew"],
        ),
        (
            {
                "profile": "usi-local",
                "deployment": Deployment.DESKTOP,
                "software_id": "",
                "environments": (Environment.USI_3PT,),
            },
            ["apply", "own", "3pt", "access", "credential", "renew"],
        ),
        (
            {
                "profile": "sbr-token",
                "deployment": Deployment.ON_PREMISES,
                "software_id": "",
                "environments": (Environment.SBR2,),
            },
            ["apply", "own", "sbr", "credential", "renew"],
        ),
        (
            {"readiness": Readiness.INCOMPLETE, "phone": ""},
            ["mend", "fill", "apply", "own", "3pt", "sbr", "provider", "access", "notification", "renew"],
        ),
        (
            {"deployment": None, "environments": ()},
            [
                *("fill", "apply", "own", "3pt", "provider", "access"),
                *("credential", "notification", "renew"),
            ],
        ),
    ],
)
def test_the_steps_ahead_are_those_of_the_product(report, arguments, names):
    """By verdict, deployment and environment, in their order; what is not stated is told for both."""
    assert ahead(report(**arguments)) == [TITLES[name] for name in names]


def test_a_run_with_the_developer_kits_credential_need_not_be_repeated(report):
    """The step is gone as soon as it was done."""
    made = report()
    credential = msgspec.structs.replace(made.run.credential, origin="operator", abn="96312011219")
    run = msgspec.structs.replace(made.run, credential=credential)
    own = msgspec.structs.replace(made, run=run)
    assert TITLES["own"] not in ahead(own)
    other = msgspec.structs.replace(
        own.run, credential=msgspec.structs.replace(credential, abn="11000002568")
    )
    noted = field_of(msgspec.structs.replace(own, run=other), "abn")
    assert noted.note == "The credential of the run belongs to ABN 11000002568."


def test_the_page_shows_what_is_missing_and_warns_whoever_is_early(sample):
    """A report that is not ready says so above its texts, and names the keys to fill."""
    tree = html.document_fromstring(page.render(sample.failing(), SECTIONS).decode("utf-8"))
    section = text_of(tree.get_element_by_id("registration"))
    assert "9 fields are missing, 1 field cannot be right." in section
    assert "The verdict is not ready. The texts say so; send none of them" in section
    assert "What was run is version 7.1.9." not in section
    assert "What was run is version 7.2.0." in section
    assert len(tree.xpath("//section[@id='registration']//pre")) == 3


def test_a_road_that_is_not_taken_is_folded_away(report):
    """It is there for whoever changes the mind."""
    made = report(environments=(Environment.USI_3PT,))
    tree = html.document_fromstring(page.render(made, SECTIONS).decode("utf-8"))
    assert len(tree.xpath("//section[@id='registration']//details//pre")) == 2
    assert len(tree.xpath("//section[@id='registration']//pre")) == 3


def test_hostile_fields_stay_text_and_bounded(sample):
    """A megabyte in a field is a few hundred characters in a text; nothing is fetched or run."""
    for road in application.roads(sample.hostile()):
        assert len(road.text) < 4_000
        assert "\x1b" not in road.text
    assert application.fields(sample.hostile())
