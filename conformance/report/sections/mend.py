"""What to mend first: the misses by likely cause and requirement, the gravest on top, with all it takes."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from markupsafe import Markup

from conformance.model import Blame, CounterExample, Evidence, LookAlike, Result, Severity, Status
from conformance.plan import waivers
from conformance.report import figures, replays, request, standing
from conformance.report.difference import compare
from conformance.report.ledger import Case, Entry, Ledger
from conformance.report.remedy import ANY, remedy
from conformance.report.section import Section
from conformance.report.standing import Standing

CASES_SHOWN: Final = 10
"""Further missed cases that a card lists; the others are in the requirement's row."""
CARDS_SHOWN: Final = 60
"""Cards in full; whoever has more misses than that begins with the first ones."""
NAMES_SHOWN: Final = 12
"""Requirements that a group of open points names."""

_RUN_AGAIN: Final = re.compile(
    r"evte run (?P<iut>--iut .+?) --profile \S+(?: --seed -?\d+)?(?P<own> --keystore .+)? --only ", re.DOTALL
)
"""The command of a result, as the plugin writes it; quoted for the shell of the machine of the run."""

_BLAME: Final[dict[Blame, str]] = {
    Blame.HARNESS: "This looks like the harness rather than the product behind it.",
    Blame.CONFIGURATION: "This looks like a matter of configuration rather than of the product.",
    Blame.ENVIRONMENT: "This looks like a matter of the machine rather than of the product.",
    Blame.KIT: "This looks like a fault of the kit; please report it to us.",
}


@dataclass(frozen=True)
class Card:
    """One requirement that was missed."""

    entry: Entry
    result: Result
    """The miss shown in full: of the gravest kind, the one with the smallest example."""
    others: tuple[Case, ...]
    """Further misses, at most `CASES_SHOWN`."""
    unlisted: int
    """How many misses are in neither of the two."""
    expected: Markup
    actual: Markup
    code: bool
    """Whether both are identifiers or JSON rather than prose."""
    asked: request.Asked | None
    """The example taken apart, if it is a request of the contract."""
    kinds: str
    """What kinds of miss there are, in words, with their numbers if there are several."""
    share: str
    """How many of the cases miss, in words; empty if there is only one."""
    blame: str
    """Whose fault it is, in a sentence, when it is not plainly the product's."""
    causes: tuple[str, ...]
    """Likely causes, as the judges of the messages see them."""
    remedies: tuple[tuple[str, str], ...]
    """What to do, each with the language that it is written for, empty if it suits all."""
    evidence: tuple[Evidence, ...]
    alike: tuple[LookAlike, ...] = ()
    """The kit's own wrong implementations of which the product reminds here; they cannot be told apart."""
    again: str = ""
    """The command that tries the stored example again; empty where none is stored."""
    stored: CounterExample | None = None
    waiver: str = ""
    """The entry of a waiver that would admit the failure; empty where none could, or none is needed."""


@dataclass(frozen=True)
class Group:
    """Cards of one likely cause; without one, a card on its own."""

    cards: tuple[Card, ...]

    @property
    def alike(self) -> tuple[LookAlike, ...]:
        """What all of them have in common; empty for a card on its own, which says it itself."""
        return self.cards[0].alike if len(self.cards) > 1 else ()


@dataclass(frozen=True)
class Open:
    """Points that are not settled, for one and the same reason."""

    standing: Standing
    message: str
    """The reason; may be empty."""
    advice: str
    details: str
    """What else is known, for instance where the kit failed."""
    names: tuple[str, ...]
    """Ids of the requirements, at most `NAMES_SHOWN`."""
    unnamed: int
    points: int


@dataclass(frozen=True)
class View:
    """What the section shows."""

    blocking: tuple[Card, ...]
    """Misses that stand between the product and readiness."""
    unreached: tuple[Entry, ...]
    """Nothing could be looked at: they mostly follow from the ones above."""
    conditions: tuple[Card, ...]
    """Misses that are conditions, waived ones included."""
    uncounted: tuple[Card, ...]
    """Misses that the profile does not count."""
    unsettled: tuple[Open, ...]
    hidden: int
    """How many cards were left out."""
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    """The cards of `blocking`, `conditions` and `uncounted` by their likely causes."""


def _view(ledger: Ledger) -> View:
    entries = missed(ledger)
    known = _Known(ledger)
    cards = [_card(entry, ledger, known) for entry in entries[:CARDS_SHOWN]]
    groups = {
        "blocking": _by_cause(card for card in cards if card.entry.blocking),
        "conditions": _by_cause(card for card in cards if card.entry.scoring and not card.entry.blocking),
        "uncounted": _by_cause(card for card in cards if not card.entry.scoring),
    }
    return View(
        **{name: tuple(card for group in found for card in group.cards) for name, found in groups.items()},
        unreached=unreached(ledger),
        unsettled=open_points(ledger),
        hidden=len(entries) - len(cards),
        groups=groups,
    )


class _Known:
    """What the report knows of misses besides their results."""

    def __init__(self, ledger: Ledger) -> None:
        report = ledger.report
        self.stored = {each.name: each for each in report.counter_examples}
        self.alike: dict[str, tuple[LookAlike, ...]] = {}
        causes: dict[tuple[str, ...], list[LookAlike]] = {}
        for look_alike in report.look_alikes:
            causes.setdefault(look_alike.requirements, []).append(look_alike)
        for requirements, alike in causes.items():
            for name in requirements:
                self.alike.setdefault(name, tuple(alike))
        self.waivers: dict[tuple[object, ...], str] = {}
        try:
            began = date.fromisoformat(report.run.started[:10])
        except ValueError:
            return
        for result in waivers.waivable(report.run.results, report.verdict):
            self.waivers[_failure(result)] = waivers.entry(result, today=began)


def _failure(result: Result) -> tuple[object, ...]:
    """Return what a waiver binds a failure by."""
    return result.requirement, result.status, result.subcode, waivers.prefix(result.message)


def _by_cause(cards: Iterable[Card]) -> tuple[Group, ...]:
    """Return cards by their likely causes; each cause where its gravest card stands."""
    groups: dict[object, list[Card]] = {}
    for card in cards:
        groups.setdefault(card.alike[0].requirements if card.alike else id(card), []).append(card)
    return tuple(Group(tuple(found)) for found in groups.values())


def missed(ledger: Ledger) -> list[Entry]:
    """Return the requirements with a miss that can be shown, the gravest first."""
    entries = sorted(ledger.entries, key=lambda each: each.gravity)
    return [entry for entry in entries if any(_shows_something(case) for case in entry.misses)]


def unreached(ledger: Ledger) -> tuple[Entry, ...]:
    """Return the requirements that count and gave nothing to look at, in any of their missed cases."""
    return tuple(
        entry
        for entry in ledger.scoring
        if any(_is_unreached(case) for case in entry.misses)
        and not any(_shows_something(case) for case in entry.misses)
    )


def open_points(ledger: Ledger) -> tuple[Open, ...]:
    """Return the unsettled points that count, grouped by reason, the largest fault first."""
    ended_early = bool(ledger.run.harness_failure) or ledger.run.interrupted
    unknown = "the run ended before them" if ended_early else "the run holds no result for them"
    return _grouped((case for entry in ledger.scoring for case in entry.missing), unknown)


def absent_points(ledger: Ledger) -> tuple[Open, ...]:
    """Return the points that do not apply, grouped by reason, the most frequent first."""
    cases = (case for entry in ledger.scoring for case in entry.cases)
    return _grouped(case for case in cases if case.standing is standing.NOT_APPLICABLE)


def _grouped(cases: Iterable[Case], unknown: str = "") -> tuple[Open, ...]:
    groups: dict[tuple[Standing, str], list[Case]] = {}
    for case in cases:
        message = case.result.message if case.result else unknown
        groups.setdefault((case.standing, message), []).append(case)
    found = []
    for (how, message), alike in sorted(groups.items(), key=lambda item: (item[0][0].rank, -len(item[1]))):
        names = tuple(dict.fromkeys(case.requirement for case in alike))
        first = alike[0].result
        found.append(
            Open(
                standing=how,
                message=message,
                advice=first.remediation if first and how is standing.INCONCLUSIVE else "",
                details=first.actual if first and how is standing.KIT_ERROR else "",
                names=names[:NAMES_SHOWN],
                unnamed=max(0, len(names) - NAMES_SHOWN),
                points=len(alike),
            )
        )
    return tuple(found)


def _shows_something(case: Case) -> bool:
    """Whether a miss is one of which a card can show expectation and answer."""
    return (
        case.result is not None
        and case.result.status is not Status.NOT_TESTABLE
        and case.standing.column != "missing"
    )


def _is_unreached(case: Case) -> bool:
    return (
        case.result is not None
        and case.result.status is Status.NOT_TESTABLE
        and case.standing.column != "missing"
    )


def _card(entry: Entry, ledger: Ledger, known: _Known) -> Card:
    misses = sorted(
        (case for case in entry.misses if case.standing.column != "missing"),
        key=lambda case: (case.standing.rank, _kind(case), _size(case), case.name),
    )
    result = misses[0].result
    assert result is not None  # noqa: S101 - a miss has a result by definition; said for the type checker
    expected, actual = compare(result.expected, result.actual)
    evidence = tuple(ledger.evidence[each] for each in result.evidence if each in ledger.evidence)
    others = tuple(misses[1:])
    who = ledger.run.implementation
    return Card(
        entry=entry,
        result=result,
        others=others[:CASES_SHOWN],
        unlisted=max(0, len(others) - CASES_SHOWN),
        expected=expected,
        actual=actual,
        code=not any(" " in text for text in (result.expected, result.actual)),
        asked=request.read(result.example) if result.example else None,
        kinds=_kinds(misses),
        share=f"{len(misses)} of {figures.count(len(entry.cases), 'case')}" if len(entry.cases) > 1 else "",
        blame=_BLAME.get(result.blame, "") if result.blame else "",
        causes=_causes(evidence, result),
        remedies=_remedies(entry, result, who.language if who else ""),
        evidence=evidence,
        alike=known.alike.get(entry.requirement.id, ()),
        again=_again(result) if result.counter_example in known.stored else "",
        stored=known.stored.get(result.counter_example),
        waiver=known.waivers.get(_failure(result), "") if entry.blocking else "",
    )


def _again(result: Result) -> str:
    """Return the command that tries a stored example again, to be given in the folder of the report."""
    path = shlex.quote(replays.path_of(result.counter_example))
    found = _RUN_AGAIN.match(result.replay)
    return f"evte replay {path} {found['iut']}{found['own'] or ''}" if found else f"evte replay {path}"


def _kind(case: Case) -> int:
    """Place of a miss's kind among the grave ones."""
    subcode = case.result.subcode if case.result else None
    return standing.GRAVE.index(subcode) if subcode in standing.GRAVE else len(standing.GRAVE)


def _kinds(misses: list[Case]) -> str:
    counts: dict[str, int] = {}
    for case in misses:
        if case.result and case.result.subcode:
            word = standing.SUBCODE[case.result.subcode]
            counts[word] = counts.get(word, 0) + 1
    if len(counts) < 2:
        return "".join(counts)
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _size(case: Case) -> int:
    """Length of the example; a case without one is no good example at all."""
    return len(case.result.example) if case.result and case.result.example else 1_000_000


def _causes(evidence: tuple[Evidence, ...], result: Result) -> tuple[str, ...]:
    """Return the hints of the findings that the miss speaks of, without those that the remedy repeats."""
    hints = {
        finding.hint: None
        for each in evidence
        for sent in each.messages
        for finding in sent.findings
        if finding.hint
        and finding.hint.rstrip(".") not in result.remediation
        and finding.severity is Severity.ERROR
        and finding.message in result.message
    }
    return tuple(hints)[:3]


def _remedies(entry: Entry, result: Result, language: str) -> tuple[tuple[str, str], ...]:
    """Return the check's own advice, then the catalogue's, in the product's language if it has it.

    A check ends its advice with the catalogue's words for every language; they are not shown twice.
    """
    text, written_for = remedy(entry.requirement, language)
    common = entry.requirement.mend.get(ANY, "")
    own = result.remediation.removesuffix(common).strip() if common else result.remediation
    return tuple((each, tongue) for each, tongue in ((own, ""), (text, written_for)) if each)


SECTION: Final = Section(
    anchor="mend",
    title="What to mend first",
    template="mend.html",
    view=_view,
    tally=lambda view: str(len(view.blocking) + len(view.conditions) + view.hidden or ""),
)
