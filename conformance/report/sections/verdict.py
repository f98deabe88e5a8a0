"""The verdict sheet: what a reader who was not there must know, on one printed page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from conformance.model import Confidence, Credential, Level, Readiness, Requirement, Waiver
from conformance.report import figures, standing
from conformance.report.ledger import Ledger, read_label
from conformance.report.section import Section
from conformance.report.sections.mend import absent_points, open_points
from conformance.report.standing import Tone

LINES: Final = 3
"""Lines of each list on the sheet, so that it fits one A4 page; the sections behind it have the rest."""

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

    lines: tuple[Line, ...]
    more: int


@dataclass(frozen=True)
class View:
    """What the sheet shows."""

    tone: Tone
    word: str
    sign: str
    """Name of the sign in the page's sprite."""
    sentence: str
    facts: tuple[Fact, ...]
    tally: tuple[tuple[str, str, Tone, int], ...]
    """Column of the capability matrix, heading, colour and number of points, where there are any."""
    points: int
    requirements: int
    gravest: Lines
    conditions: Lines
    waivers: Lines
    untested: Lines
    inferred: int
    assumed: int
    again: str
    """The command that runs all of it again."""
    first_replay: str
    """The command that runs the gravest miss again; may be empty."""


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
    return View(
        tone=ledger.tone,
        word=verdict.readiness.value.capitalize(),
        sign=_SIGNS[verdict.readiness],
        sentence=verdict.sentence,
        facts=_facts(ledger),
        tally=tuple(
            (column, heading, tone, tally[column])
            for column, (heading, tone) in standing.COLUMNS.items()
            if tally[column]
        ),
        points=sum(tally.values()),
        requirements=len(ledger.scoring),
        gravest=_cut(
            Line(
                Tone.BAD,
                "cannot be waived" if entry.unwaivable else entry.standing.word,
                entry.requirement.id,
                entry.requirement.text,
            )
            for entry in gravest
        ),
        conditions=_cut(_conditions(ledger)),
        waivers=_cut(_waivers(ledger)),
        untested=_cut(_untested(ledger)),
        inferred=confidences.count(Confidence.INFERRED),
        assumed=confidences.count(Confidence.ASSUMED),
        again=command(ledger),
        first_replay=next(
            (case.result.replay for entry in gravest for case in entry.misses if case.result), ""
        ),
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
    spent = figures.span(run.started, run.finished)
    carrier = _CARRIERS.get(run.carrier, run.carrier)
    built_with = ", ".join(filter(None, (who.language, who.runtime))) if who else ""
    facts = [
        Fact("Product", ledger.product if who else "did not introduce itself"),
        Fact("Built with", built_with or "not stated"),
        Fact("Valid until", _validity(ledger)),
        Fact("Build digest", who.build if who and who.build else "not stated", code=True, wide=True),
        Fact("Profile", f"{run.profile.title} ({run.profile.name} {run.profile.edition})"),
        Fact("Run", figures.moment(run.started) + (f", {spent}" if spent else "")),
        Fact("Reached through", f"{carrier}, {run.target}" if carrier else run.target),
        Fact("Kit", f"evte-conformance {run.kit_version}, seed {run.seed}"),
        Fact("Catalogue", figures.digest(run.catalogue_digest), code=True),
        Fact("Vectors", figures.digest(run.vectors_digest), code=True),
    ]
    if operations := _operations(ledger):
        facts.append(Fact("Operations of the registry", operations, wide=True))
    if owner is not None:
        facts.append(
            Fact(
                "Credential",
                f"{owner.name}, ABN {owner.abn}, {owner.alias}; {origin(owner)}; "
                f"valid to {figures.moment(owner.not_after)}",
                wide=True,
            )
        )
    return tuple(facts)


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


def origin(credential: Credential) -> str:
    """Say where the credential of the run came from."""
    return "synthetic, made by the kit" if credential.origin == "kit" else "given by the operator"


def _validity(ledger: Ledger) -> str:
    if ledger.verdict.valid_until:
        return f"{figures.moment(ledger.verdict.valid_until)}, or the next change of the build"
    if ledger.verdict.readiness is Readiness.INCOMPLETE:
        return "does not apply while incomplete"
    return "does not apply while not ready"


def _cut(lines: Iterable[Line]) -> Lines:
    """Return the first lines; a last one alone is shown rather than counted."""
    found = tuple(lines)
    shown = found if len(found) <= LINES + 1 else found[:LINES]
    return Lines(shown, len(found) - len(shown))


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
    """Return the waivers, broken ones first."""
    lines = [Line(Tone.BAD, "waiver", "", error) for error in ledger.verdict.waiver_errors]
    return lines + [
        Line(Tone.WARN, f"until {figures.moment(waiver.expires)}", waiver.requirement, _admitted(waiver))
        for waiver in ledger.run.waivers
    ]


def _admitted(waiver: Waiver) -> str:
    return f"{waiver.owner}: {waiver.reason}"


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
