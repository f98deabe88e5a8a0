"""What an application for EVTE asks for: the fields, what is missing of them, the texts, the steps ahead.

Pure: a report in, records of text out.  The fields come from the registration of the plan file and are
compared with what the product said of itself in the run.  Nobody has published the forms themselves; the
three roads, their headings and what they ask for are those of the ATO's page on machine credentials for
digital service providers and of the USI System Developers FAQ.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from conformance.model import Deployment, Environment, Profile, Readiness, Registration, Report
from conformance.protocol import abn
from conformance.report import figures
from conformance.report.text import one_line

_ROOM: Final = 200
"""Characters of one value in a text that is to be pasted."""

_SOFTWARE_ID: Final = re.compile(r"[0-9]{10}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_FEWEST_DIGITS: Final = 8
"""Digits of the shortest Australian phone number that can be called from anywhere, without its area code."""
_PLACEHOLDERS: Final = frozenset(
    {"fill in", "fill me in", "to do", "todo", "tbd", "tba", "xxx", "...", "…", "?"}
)

_SBR: Final = frozenset({Environment.SBR1, Environment.SBR2})
_CALL: Final = "usi.call"
_OPERATION: Final = "usi.call."
_FIRST_OPERATION: Final = "VerifyUSI"
"""The operation that `usi.call` itself stands for."""


# --- fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One field of an application, as it can be pasted."""

    term: str
    key: str
    """Of the plan file, under `[registration]`."""
    value: str
    """Empty while it is missing."""
    why: str
    """What it is asked for."""
    problem: str = ""
    """What is wrong with the value, in a sentence; empty when nothing is."""
    note: str = ""
    """What a reader should compare it with, or, while it is missing, what the run says it may be."""
    gap: str = ""
    """What a text says in place of the value while there is none, where that is no mistake yet."""

    @property
    def missing(self) -> bool:
        """Whether there is no value."""
        return not self.value

    @property
    def complete(self) -> bool:
        """Whether there is a value and nothing is wrong with it."""
        return bool(self.value) and not self.problem


@dataclass(frozen=True)
class _Rule:
    """How one field is read and judged."""

    term: str
    key: str
    why: str
    read: Callable[[Registration], str]
    judge: Callable[[Registration, Report], str] = lambda registration, report: ""
    note: Callable[[Registration, Report], str] = lambda registration, report: ""
    asked: Callable[[Registration, Profile], bool] = lambda registration, profile: True
    gap: str = ""
    heard: Callable[[Report], str] = lambda report: ""
    """What the run says the value may be."""


def fields(report: Report) -> tuple[Field, ...]:
    """Return every field that the application for this profile asks for, in the order of the forms.

    A report without a registration has all of them, each missing.  A text that merely holds the place of
    an answer, such as `FILL IN`, is no value.
    """
    stated = report.run.registration or Registration()
    found = []
    for rule in _RULES:
        if not rule.asked(stated, report.run.profile):
            continue
        value = rule.read(stated).strip()
        if value.casefold().strip("<>[]() ") in _PLACEHOLDERS:
            value = ""
        found.append(
            Field(
                term=rule.term,
                key=rule.key,
                value=value,
                why=rule.why,
                problem=rule.judge(stated, report) if value else "",
                note=rule.note(stated, report) if value else _heard(rule, report),
                gap=rule.gap,
            )
        )
    return tuple(found)


def _heard(rule: _Rule, report: Report) -> str:
    text = one_line(rule.heard(report), _ROOM)
    return f"In the run: {text}" if text else ""


def outstanding(report: Report) -> tuple[Field, ...]:
    """Return the fields that are missing or wrong."""
    return tuple(field for field in fields(report) if not field.complete)


def _calls_registry(profile: Profile) -> bool:
    return any(name.startswith("USI-") and not name.startswith("USI-CHK-") for name in profile.requirements)


def _is_cloud(stated: Registration, profile: Profile) -> bool:
    return stated.deployment is Deployment.CLOUD or (stated.deployment is None and profile.act_as)


def _judge_abn(stated: Registration, report: Report) -> str:
    bare = stated.abn.strip()
    if len(bare) != abn.LENGTH or not bare.isascii() or not bare.isdigit():
        return "An ABN is eleven digits, without blanks."
    return "" if abn.is_valid(bare) else "The check digits of this ABN do not come out."


def _note_abn(stated: Registration, report: Report) -> str:
    owner = report.run.credential
    if owner is None or owner.origin == "kit" or owner.abn == stated.abn.strip():
        return ""
    return f"The credential of the run belongs to ABN {owner.abn}."


def _heard_abn(report: Report) -> str:
    owner = report.run.credential
    return owner.abn if owner is not None and owner.origin == "operator" else ""


def _note_product(stated: Registration, report: Report) -> str:
    who = report.run.implementation
    if who is None or who.name == stated.product.strip():
        return ""
    return f"In the run the product called itself {one_line(who.name, _ROOM) or 'nothing'}."


def _judge_version(stated: Registration, report: Report) -> str:
    who = report.run.implementation
    if who is None or who.version == stated.version.strip():
        return ""
    return f"What was run is version {one_line(who.version, _ROOM) or 'without a number'}."


def _judge_deployment(stated: Registration, report: Report) -> str:
    if report.run.profile.act_as and stated.deployment is not Deployment.CLOUD:
        return f"The profile {report.run.profile.name} acts for clients, which is for cloud products."
    return ""


def _note_deployment(stated: Registration, report: Report) -> str:
    profile = report.run.profile
    if stated.deployment is Deployment.CLOUD and not profile.act_as and _calls_registry(profile):
        return "If the product acts for clients with your own credential, run the profile usi-cloud."
    return ""


def _judge_environments(stated: Registration, report: Report) -> str:
    if _calls_registry(report.run.profile):
        if Environment.USI_3PT not in stated.environments:
            return "The profile calls the registry, so that USI 3PT should be among them."
        return ""
    return "" if _SBR.intersection(stated.environments) else "The profile is for SBR: name SBR1 or SBR2."


def _judge_software_id(stated: Registration, report: Report) -> str:
    if not _is_cloud(stated, report.run.profile):
        return "Only a cloud product has a software ID."
    if _SOFTWARE_ID.fullmatch(stated.software_id.strip()):
        return ""
    return "A software ID is ten digits, leading zeros included."


def _judge_operations(stated: Registration, report: Report) -> str:
    offered = _offered(report)
    if offered is None:
        return ""
    lacking = [name for name in stated.operations if name not in offered]
    if not lacking:
        return ""
    return f"In the run the product did not offer {one_line(', '.join(lacking), _ROOM)}."


def _note_operations(stated: Registration, report: Report) -> str:
    more = [name for name in _offered(report) or () if name not in stated.operations]
    return f"The product also offers {one_line(', '.join(more), _ROOM)}." if more else ""


def _offered(report: Report) -> tuple[str, ...] | None:
    """Return the operations that the product offered in the run; None if it was never heard."""
    who = report.run.implementation
    if who is None:
        return None
    first = (_FIRST_OPERATION,) if _CALL in who.capabilities else ()
    others = (name for name in who.capabilities if name.startswith(_OPERATION))
    return (*first, *(name.removeprefix(_OPERATION) for name in others))


def _judge_phone(stated: Registration, report: Report) -> str:
    digits = sum(character in "0123456789" for character in stated.phone)
    return "" if digits >= _FEWEST_DIGITS else "That is no number that can be called."


def _judge_email(stated: Registration, report: Report) -> str:
    return "" if _EMAIL.fullmatch(stated.email.strip()) else "That is no e-mail address."


_RULES: Final = (
    _Rule("Organisation", "organisation", "The legal name of the applicant.", lambda r: r.organisation),
    _Rule(
        "ABN",
        "abn",
        "The application, RAM and the token all name a business by it.",
        lambda r: r.abn,
        _judge_abn,
        _note_abn,
        heard=_heard_abn,
    ),
    _Rule(
        "Product",
        "product",
        "What is to be registered.",
        lambda r: r.product,
        note=_note_product,
        heard=lambda report: report.run.implementation.name if report.run.implementation else "",
    ),
    _Rule(
        "Version",
        "version",
        "The report speaks of one version only.",
        lambda r: r.version,
        _judge_version,
        heard=lambda report: report.run.implementation.version if report.run.implementation else "",
    ),
    _Rule(
        "Deployment",
        "deployment",
        "A cloud product signs for its clients and takes a notification by each; the others take a "
        "credential at each client.",
        lambda r: r.deployment.value if r.deployment else "",
        _judge_deployment,
        _note_deployment,
    ),
    _Rule(
        "Environments applied for",
        "environments",
        "The request must specify the environment.",
        lambda r: ", ".join(each.value for each in r.environments),
        _judge_environments,
    ),
    _Rule(
        "Software ID",
        "software_id",
        "Clients name it in their My cloud software notification. A first application has none yet: it comes "
        "with the RAM application of a digital service provider.",
        lambda r: r.software_id,
        _judge_software_id,
        asked=lambda stated, profile: (
            bool(stated.software_id) or (_is_cloud(stated, profile) and _calls_registry(profile))
        ),
        gap="not assigned yet",
    ),
    _Rule(
        "Types of organisation served",
        "organisation_types",
        "Which operations an organisation may call depends on its type.",
        lambda r: ", ".join(r.organisation_types),
        asked=lambda stated, profile: _calls_registry(profile),
    ),
    _Rule(
        "Operations used",
        "operations",
        "Test data and tests in the environment follow from them.",
        lambda r: ", ".join(r.operations),
        _judge_operations,
        _note_operations,
        heard=lambda report: ", ".join(_offered(report) or ()),
        asked=lambda stated, profile: _calls_registry(profile),
    ),
    _Rule("Main contact", "contact", "Asked for of everybody who tests.", lambda r: r.contact),
    _Rule("Phone", "phone", "Asked for of everybody who tests.", lambda r: r.phone, _judge_phone),
    _Rule("E-mail", "email", "The welcome pack comes by e-mail.", lambda r: r.email, _judge_email),
)


# --- roads ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Road:
    """One way to apply, with the text that is ready for it."""

    name: str
    anchor: str
    """Names the road in links."""
    chosen: bool
    """Whether an environment that is applied for lies at its end; true of all if none was named."""
    where: str
    """Where the text goes."""
    text: str
    """What to paste; a gap in it reads `[missing: …]`."""


_ABOUT: Final = ("organisation", "abn", "product", "version", "deployment", "contact", "phone", "email")
"""Keys of what every road is told."""
_ABOUT_CALLS: Final = ("software_id", "organisation_types", "operations")
"""Keys of what only the USI office is told."""


def roads(report: Report) -> tuple[Road, ...]:
    """Return the published roads into the test environments, each with its text."""
    stated = report.run.registration or Registration()
    given = frozenset(stated.environments)
    sbr = ", ".join(each.value for each in stated.environments if each in _SBR)
    told = {field.key: field for field in fields(report)}
    brief, full = (
        [f"{told[key].term}: {_told(told[key])}" for key in keys if key in told]
        for keys in (_ABOUT, (*_ABOUT, *_ABOUT_CALLS))
    )
    proof = tuple(_proof(report))
    asked = f"Environment: {sbr or _gap('SBR1 or SBR2')}"
    return (
        Road(
            name="The request “Register your product and enter EVTE”",
            anchor="product",
            chosen=not given or bool(given & _SBR),
            where="Online services for DSPs, section “Develop a product”. New users complete the SBR "
            "developer registration, or the new contact registration, before.",
            text=_lines("Register your product and enter EVTE", "", asked, *brief, "", *proof),
        ),
        Road(
            name="The e-mail “Register for M2M testing in EVTE”",
            anchor="mail",
            chosen=not given or bool(given & _SBR),
            where="Instead of the request. The heading must be this one, and the text must name the "
            "environment.",
            text=_lines(
                "To: DPO@ato.gov.au",
                "Subject: Register for M2M testing in EVTE",
                "",
                "Please register us for testing the machine-to-machine (M2M) credential in EVTE, "
                f"environment {sbr or _gap('SBR1 or SBR2')}.",
                "",
                *brief,
                "",
                *proof,
            ),
        ),
        Road(
            name="The USI developer kit form",
            anchor="usi",
            chosen=not given or Environment.USI_3PT in given,
            where="The USI developer kit application form on usi.gov.au; IT@usi.gov.au answers questions. "
            "The kit holds the contract, test credentials and organisation codes.",
            text=_lines(
                "USI developer kit application",
                "",
                "Environment: USI third-party testing (3PT), web services version 5",
                *full,
                "",
                *proof,
            ),
        ),
    )


def _told(field: Field) -> str:
    return one_line(field.value, _ROOM) if field.value else field.gap or _gap(field.term)


def _gap(what: str) -> str:
    return f"[missing: {what}]"


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _proof(report: Report) -> Iterable[str]:
    """Say what the run found, without a word that a reader could take for a certificate."""
    run, verdict = report.run, report.verdict
    product = one_line(figures.product(run, "an unnamed implementation"), _ROOM)
    yield (
        f"Before this application {product} was run against evte-conformance {run.kit_version}, profile "
        f"{run.profile.name} {run.profile.edition}, on {figures.moment(run.finished)}: "
        f"{verdict.readiness.value}."
    )
    if (who := run.implementation) is not None and who.build:
        yield f"Build: {one_line(who.build, _ROOM)}"
    if verdict.readiness in {Readiness.READY, Readiness.CONDITIONS}:
        yield "That is our own statement of being ready to apply, and no certificate. The report is attached."


# --- steps ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Something that still lies between this report and production."""

    title: str
    text: str
    source: str
    """Who says so."""


def steps(report: Report) -> tuple[Step, ...]:
    """Return the steps still ahead, in their order, for the deployment and the environments stated.

    What the deployment decides is told for both while it is not stated.
    """
    stated = report.run.registration or Registration()
    profile, given = report.run.profile, frozenset(stated.environments)
    registry = _calls_registry(profile) or Environment.USI_3PT in given
    sbr = not _calls_registry(profile) or bool(given & _SBR)
    cloud = stated.deployment is Deployment.CLOUD or stated.deployment is None
    local = stated.deployment is not Deployment.CLOUD
    return tuple(
        step
        for step, ahead in (
            (_MEND, report.verdict.readiness in {Readiness.NOT_READY, Readiness.INCOMPLETE}),
            (_FILL, bool(outstanding(report) or report.verdict.open_questions)),
            (_APPLY, True),
            (_OWN_CREDENTIAL, report.run.credential is None or report.run.credential.origin == "kit"),
            (_TEST, registry),
            (_SBR_TEST, sbr),
            (_RAM_PROVIDER, registry and cloud),
            (_ACCESS_REQUEST, registry),
            (_CREDENTIAL, local or not registry),
            (_NOTIFICATION, registry and cloud),
            (_RENEW, True),
        )
        if ahead
    )


_ATO: Final = "ATO, machine credential page for digital service providers"
_RAM: Final = "RAM, page for users and providers of business software"
_USI: Final = "USI web pages for system developers"

_MEND: Final = Step(
    "Mend what stands in the way, and run again",
    "An application with this report would come too early.",
    "the verdict",
)
_FILL: Final = Step(
    "Complete this sheet",
    "State what is missing under `[registration]` of the plan file, and answer the open questions with "
    "`evte attest`.",
    "the sections of this report",
)
_APPLY: Final = Step("Apply", "On the road above that leads to your environment.", _ATO)
_OWN_CREDENTIAL: Final = Step(
    "Run again with the credential of the developer kit",
    "This run was made with a synthetic one: `evte run --keystore FILE --alias ID --password-env NAME`.",
    "the environment of this run",
)
_TEST: Final = Step(
    "Test in USI 3PT",
    "Authentication, connectivity and functionality, with mock data only. No checklist of it is published; "
    "IT@usi.gov.au tells what is asked of you.",
    _USI,
)
_SBR_TEST: Final = Step(
    "Test in EVTE as the welcome pack describes",
    "It comes by e-mail and leads through SBR1 or SBR2. Ask DPO@ato.gov.au which controls of the operational "
    "security framework apply to your product.",
    _ATO,
)
_RAM_PROVIDER: Final = Step(
    "Apply in RAM as a digital service provider (cloud)",
    "It takes success with the token service, and gives the ABN and the software ID, ten digits, that "
    "clients name. Each client's subscription gets a software ID of its own.",
    _USI,
)
_ACCESS_REQUEST: Final = Step(
    "System Access Request, per client",
    "Initial access, web services and the organisation's details; the organisation must stand in the "
    "national register (TGA, TEQSA) under the same ABN. It has been said to take about five business days.",
    _USI,
)
_CREDENTIAL: Final = Step(
    "Machine credential in RAM, per client (desktop, on premises)",
    "The client's principal authority or machine credential administrator creates it in RAM and tells the "
    "product where the keystore lies.",
    _RAM,
)
_NOTIFICATION: Final = Step(
    "My cloud software notification in RAM, per client (cloud)",
    "The client adds it, or accepts the one you request: your ABN, the software ID, a start date that cannot "
    "be back-dated, the Student Identifiers Registrar ticked. Calls are refused until it is active.",
    _RAM,
)
_RENEW: Final = Step(
    "Renew the credential before two years are over",
    "By the product itself, or in RAM with a new one of exactly the same name.",
    "USI System Developers FAQ",
)
