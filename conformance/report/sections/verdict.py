"""The verdict sheet: what a reader who was not there must know, on one printed page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.model import Attested, Confidence, Credential, Level, Readiness, Registration, Requirement
from conformance.report import figures, standing
from conformance.report.ledger import Entry, Ledger, read_label
from conformance.report.section import Section
from conformance.report.sections.mend import absent_points, open_points
from conformance.report.standing import Tone
from conformance.report.text import headline

LINES: Final = 14
"""Lines of all lists on the sheet together, so that it fits one A4 page; the rest is behind it."""
ANSWERS: Final = 3
"""Open questions that take the room of one such line."""
LEAST: Final = 2
"""Lines that each list has, however long the others are."""

NARROW: Final = 66
"""Letters of a fact beyond which it gets a line of its own rather than a third of one."""
LONGEST: Final = 190
"""Letters of a fact that are shown."""

_OPERATION: Final = "usi.call."
"""How the capabilities of operations begin, but for VerifyUSI, which is `usi.call` itself."""

_CARRIERS: Final = {
    "process": "a separate process",
    "http": "HTTP",
    "in-process": "the kit's own process",
}


@dataclass(frozen=True)
class Fact:
    """A term and what the run says of it."""

    term: str
    text: str
    code: bool = False
    """Whether the text is an identifier rather than prose."""
    wide: bool = False
    """Whether it needs a line of its own."""


@dataclass(frozen=True)
class Line:
    """One line of a list on the sheet."""

    tone: Tone
    tag: str
    id: str
    """A requirement to link to; may be empty."""
    text: str


@dataclass(frozen=True)
class Lines:
    """A list on the sheet, cut to what fits."""

    heading: str
    lines: tuple[Line, ...]
    more: int
    more_at: str
    """Anchor of the section that has the rest."""


@dataclass(frozen=True)
class Unanswered:
    """A question that is open, or answered with no."""

    id: str
    text: str
    refused: bool
    """Whether somebody answered no."""


@dataclass(frozen=True)
class View:
    """What the sheet shows."""

    tone: Tone
    word: str
    sign: str
    """Name of the sign in the page's sprite."""
    sentence: str
    facts: tuple[Fact, ...]
    """Product, vendor and validity first."""
    tally: tuple[tuple[str, str, Tone, int], ...]
    """Column of the capability matrix, heading, colour and number of points, where there are any."""
    points: int
    requirements: int
    lists: tuple[Lines, ...]
    """What stands in the way, conditions, waivers, what was not tested; those that have lines."""
    unanswered: tuple[Unanswered, ...]
    questions: int
    """How many questions the profile asks."""
    complete: bool
    """Whether there is no condition, no waiver and nothing that was not tested."""
    inferred: int
    assumed: int
    again: str
    """The command that runs all of it again."""


_SIGNS: Final = {
    Readiness.READY: "ok",
    Readiness.CONDITIONS: "warn",
    Readiness.NOT_READY: "bad",
    Readiness.INCOMPLETE: "none",
}


def _view(ledger: Ledger) -> View:
    verdict = ledger.verdict
    tally = ledger.tally()
    gravest = sorted((each for each in ledger.scoring if each.blocking), key=lambda each: each.gravity)
    confidences = [entry.requirement.confidence for entry in ledger.scoring]
    waivers, untested, unanswered = _waivers(ledger), _untested(ledger), _unanswered(ledger)
    return View(
        tone=ledger.tone,
        word=verdict.readiness.value.capitalize(),
        sign=_SIGNS[verdict.readiness],
        sentence=verdict.sentence,
        facts=tuple(replace(fact, text=headline(fact.text, LONGEST)) for fact in _facts(ledger)),
        tally=tuple(
            (column, heading, tone, tally[column])
            for column, (heading, tone) in standing.COLUMNS.items()
            if tally[column]
        ),
        points=sum(tally.values()),
        requirements=len(ledger.scoring),
        lists=_fitted(
            LINES - len(unanswered) // ANSWERS,
            ("What stands in the way", "mend", [_in_the_way(entry) for entry in gravest]),
            ("Conditions", "gaps", _conditions(ledger)),
            ("Waivers", "admissions", waivers),
            ("Not tested, and why", "gaps", untested),
        ),
        unanswered=unanswered,
        questions=len(ledger.run.profile.questions),
        complete=not (ledger.verdict.conditions or waivers or untested),
        inferred=confidences.count(Confidence.INFERRED),
        assumed=confidences.count(Confidence.ASSUMED),
        again=command(ledger),
    )


def command(ledger: Ledger) -> str:
    """Return the command line that runs the whole profile again, the same way."""
    target = ledger.run.target
    if any(character in target for character in ' "&|<>;$`\\'):
        target = '"' + target.replace('"', '\\"') + '"'
    seed = f" --seed {ledger.run.seed}" if ledger.run.seed else ""
    return f"evte run --iut {target} --profile {ledger.run.profile.name}{seed} --out DIR"


def _facts(ledger: Ledger) -> tuple[Fact, ...]:
    run, who, owner = ledger.run, ledger.run.implementation, ledger.run.credential
    vendor = run.registration
    spent = figures.span(run.started, run.finished)
    when = (figures.moment(run.started), spent, f"part {run.shard} of the profile" if run.shard else "")
    carrier = _CARRIERS.get(run.carrier, run.carrier)
    built_with = ", ".join(filter(None, (who.language, who.runtime))) if who else ""
    facts = [
        Fact("Product", _product(ledger)),
        Fact("Vendor", _vendor(vendor) or "not stated"),
        Fact("Valid until", _validity(ledger)),
        Fact("Build digest", who.build if who and who.build else "not stated", code=True, wide=True),
        Fact("Run", ", ".join(filter(None, when))),
        Fact("Profile", f"{run.profile.title} ({run.profile.name} {run.profile.edition})"),
        Fact("Contact", _contact(vendor) or "not stated"),
        Fact("Built with", built_with or "not stated"),
        Fact("Reached through", carrier or "nothing was started"),
        Fact("Kit", f"evte-conformance {run.kit_version}, seed {run.seed}"),
        Fact("Catalogue", figures.digest(run.catalogue_digest), code=True),
        Fact("Vectors", figures.digest(run.vectors_digest), code=True),
        Fact("How sharp the kit is", sharpness(ledger)),
    ]
    if operations := _operations(ledger):
        facts.append(Fact("Operations of the registry", operations))
    if owner is not None:
        facts.append(
            Fact(
                "Credential",
                f"{owner.name}, ABN {owner.abn}, {owner.alias}; {origin(owner)}; "
                f"valid to {figures.moment(owner.not_after)}",
            )
        )
    return tuple(replace(fact, wide=fact.wide or len(fact.text) > NARROW) for fact in facts)


def _operations(ledger: Ledger) -> str:
    """Say which operations the product offers of those that the profile lets it lack; empty when none."""
    free = [name for name in ledger.run.profile.may_be_absent if name.startswith(_OPERATION)]
    offered = ledger.run.implementation.capabilities if ledger.run.implementation else ()
    if not free or not ledger.run.implementation:
        return ""
    kept = [name.removeprefix(_OPERATION) for name in free if name in offered]
    if len(kept) == len(free):
        return f"all {len(free) + 1}"
    return f"{', '.join(['VerifyUSI', *kept])}; the other {len(free) - len(kept)} are declared absent"


def _product(ledger: Ledger) -> str:
    """Return what the product is called, by the plan and by itself where the two differ."""
    registered = ledger.run.registration
    own = ledger.product if ledger.run.implementation else ""
    named = f"{registered.product} {registered.version}".strip() if registered else ""
    if not named or named == own:
        return own or "did not introduce itself"
    who = ledger.run.implementation
    if not who or not registered:
        return f"{named}; it did not introduce itself"
    if who.name == registered.product:
        return f"{named}; its version in its own words is {who.version}"
    return f"{named}; it calls itself {own}"


def _vendor(registration: Registration | None) -> str:
    if registration is None:
        return ""
    abn = f"ABN {registration.abn}" if registration.abn else ""
    return ", ".join(filter(None, (registration.organisation, abn)))


def _contact(registration: Registration | None) -> str:
    if registration is None:
        return ""
    return ", ".join(filter(None, (registration.contact, registration.phone, registration.email)))


def sharpness(ledger: Ledger) -> str:
    """Say how many known mistakes the kit catches, and whether that was measured on this very kit."""
    score = ledger.report.kill_score
    if score is None:
        return "not measured yet"
    told = (
        f"{score.caught} of {figures.count(score.mutants, 'known mistake')} caught, "
        f"{figures.count(score.false_alarms, 'false alarm')}"
    )
    if score.kit_version != ledger.run.kit_version:
        return f"{told} (kit {score.kit_version})"
    if score.catalogue_digest != ledger.run.catalogue_digest:
        return f"{told} (with another catalogue)"
    return told


def origin(credential: Credential) -> str:
    """Say where the credential of the run came from."""
    return "synthetic, made by the kit" if credential.origin == "kit" else "given by the operator"


def _validity(ledger: Ledger) -> str:
    if ledger.verdict.valid_until:
        return f"{figures.moment(ledger.verdict.valid_until)}, or the next change of the build"
    if ledger.verdict.readiness is Readiness.INCOMPLETE:
        return "does not apply while incomplete"
    return "does not apply while not ready"


def _fitted(room: int, *lists: tuple[str, str, list[Line]]) -> tuple[Lines, ...]:
    """Return the lists that have lines, cut to ``room``; a short one leaves its room to the others."""
    filled = [each for each in lists if each[2]]
    shares = _shares([len(lines) for _, _, lines in filled], room)
    return tuple(
        Lines(heading, tuple(lines[:share]), len(lines) - share, more_at)
        for (heading, more_at, lines), share in zip(filled, shares, strict=True)
    )


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Return how many lines each list gets; one that would leave out a single line shows it instead."""
    shares = [min(number, LEAST) for number in wanted]
    for place, number in enumerate(wanted):
        others = sum(shares[:place]) + sum(shares[place + 1 :])
        shares[place] = max(shares[place], min(number, room - others))
        if number - shares[place] == 1:
            shares[place] = number
    return shares


def _in_the_way(entry: Entry) -> Line:
    tag = "cannot be waived" if entry.unwaivable else entry.standing.word
    return Line(Tone.BAD, tag, entry.requirement.id, entry.requirement.text)


def _unanswered(ledger: Ledger) -> tuple[Unanswered, ...]:
    """Return the open questions in the profile's order, as far as the report has their words."""
    words = {question.id: question.text for question in ledger.report.questions}
    refused = {each.question for each in ledger.run.attestations if each.answer is Attested.NO}
    return tuple(
        Unanswered(identifier, words.get(identifier, ""), identifier in refused)
        for identifier in ledger.verdict.open_questions
    )


def _conditions(ledger: Ledger) -> list[Line]:
    """Return the verdict's conditions, a line per requirement; what waivers admit has its own list."""
    known = {entry.requirement.id: entry for entry in ledger.entries}
    grouped: dict[str, list[str]] = {}
    for condition in ledger.verdict.conditions:
        label, _, message = condition.partition(": ")
        identifier, _ = read_label(label)
        if identifier in known:
            grouped.setdefault(identifier, []).append(message)
        else:
            grouped.setdefault("", []).append(condition)
    lines = []
    for identifier, messages in grouped.items():
        if not identifier:
            lines += [Line(Tone.WARN, "open", "", message) for message in messages]
            continue
        entry = known[identifier]
        if entry.standing is standing.WAIVED:
            continue
        count = f" ({figures.count(len(messages), 'case')})" if len(messages) > 1 else ""
        lines.append(
            Line(Tone.WARN, entry.requirement.level.value, identifier, entry.requirement.text + count)
        )
    return lines


def _waivers(ledger: Ledger) -> list[Line]:
    """Return the waivers, broken ones first, then those that soon end."""
    errors, notices = ledger.verdict.waiver_errors, ledger.verdict.waiver_notices
    broken = [Line(Tone.BAD, "waiver", "", error) for error in errors]
    ending: dict[Line, int] = {}
    others: dict[Line, int] = {}
    for waiver in ledger.run.waivers:
        begins = f"waiver for {waiver.requirement}: "
        alike = sum(each.requirement == waiver.requirement for each in ledger.run.waivers)
        if sum(error.startswith(begins) for error in errors) == alike:
            continue  # told above; where only some of a requirement's waivers are broken, all are listed
        soon = any(each.startswith(begins) and each.endswith(waiver.expires) for each in notices)
        line = Line(
            Tone.WARN,
            f"{'ends soon, ' if soon else 'until '}{figures.moment(waiver.expires)}",
            waiver.requirement,
            f"{headline(waiver.owner, 40)}: {waiver.reason}",
        )
        kept = ending if soon else others
        kept[line] = kept.get(line, 0) + 1
    return broken + [
        replace(line, text=f"({number} waivers) {line.text}") if number > 1 else line
        for line, number in (*ending.items(), *others.items())
    ]


def _untested(ledger: Ledger) -> list[Line]:
    """Return what the run says nothing about, and why."""
    lines = []
    for group in (*open_points(ledger), *absent_points(ledger)):
        single = group.names[0] if len(group.names) == 1 else ""
        what = figures.count(group.points, "point")
        if not single:
            what += f" of {figures.count(len(group.names) + group.unnamed, 'requirement')}"
        alone = single and group.standing is standing.NOT_APPLICABLE
        why = group.message if alone else f"{what}: {group.message}" if group.message else what
        lines.append(Line(Tone.NONE, group.standing.word, single, why))
    return lines + [
        Line(Tone.NONE, "not checked", entry.requirement.id, _gap(entry.requirement))
        for entry in ledger.entries
        if entry.requirement.excluded
    ]


def _gap(requirement: Requirement) -> str:
    level = "" if requirement.level is Level.MUST else f" ({requirement.level.value})"
    return f"{requirement.text}{level} {requirement.excluded}"


SECTION: Final = Section(anchor="verdict", title="Verdict", template="verdict.html", view=_view)
