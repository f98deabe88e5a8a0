"""`summary.md`: the report on one CI page, in GitHub-flavoured Markdown, the verdict first."""

from typing import Final

from conformance.model import ChangeKind, Level, Report
from conformance.report import figures, standing
from conformance.report.ledger import Entry, Ledger, open_ledger
from conformance.report.markdown import code, prose
from conformance.report.sections import capabilities, mend, verdict
from conformance.report.standing import Tone

ROWS: Final = 20
"""Rows of the tables; the page in `report.html` has everything."""

_NAMED: Final = 8
"""Requirements that one line names."""
_CAUSES: Final = 3
"""Likely causes that are told; beyond the first ones they are guesses."""

_CHANGE_TONES: Final = {
    ChangeKind.NEWLY_FAILING: Tone.BAD,
    ChangeKind.NO_LONGER_EXECUTED: Tone.WARN,
    ChangeKind.FLAKY: Tone.WARN,
    ChangeKind.MENDED: Tone.OK,
}

_SIGNS: Final = {Tone.OK: "✅", Tone.BAD: "❌", Tone.WARN: "⚠️", Tone.NONE: "⚪"}


def render(report: Report) -> bytes:
    """Return the summary, UTF-8, with line feeds."""
    ledger = open_ledger(report)
    blocks = [
        *_head(ledger),
        *_capabilities(ledger),
        *_changes(ledger),
        *_misses(ledger),
        *_open(ledger),
        *_attestations(ledger),
        *_waivers(ledger),
        *_foot(ledger),
    ]
    return ("\n\n".join(blocks) + "\n").encode()


def _head(ledger: Ledger) -> list[str]:
    run, result = ledger.run, ledger.verdict
    who = run.implementation
    facts = [
        f"**{prose(ledger.product, 120)}**",
        code(figures.digest(who.build), in_table=False) if who and who.build else "",
        f"profile {code(f'{run.profile.name} {run.profile.edition}', in_table=False)}",
        f"kit {prose(run.kit_version, 40)}",
        f"shard {prose(run.shard, 20)}" if run.shard else "",
        prose(figures.moment(run.started), 60),
        f"valid until {prose(figures.moment(result.valid_until), 60)}" if result.valid_until else "",
    ]
    return [
        f"## {_SIGNS[ledger.tone]} {result.readiness.value.capitalize()}",
        f"**{prose(result.sentence, 600)}**",
        " · ".join(filter(None, facts)),
    ]


def _capabilities(ledger: Ledger) -> list[str]:
    view = capabilities.SECTION.view(ledger)
    headings = [heading for heading, _ in standing.COLUMNS.values()]
    lines = [
        f"| Capability | Result | {' | '.join(headings)} |",
        f"| --- | --- |{' ---: |' * len(headings)}",
    ]
    for row in view:
        if row.requirements:
            numbers = " | ".join(str(number) for _, _, _, number in row.counts)
            lines.append(f"| {row.name} | {_SIGNS[row.tone]} {row.word} | {numbers} |")
    return ["\n".join(lines)] if len(lines) > 2 else []


def _misses(ledger: Ledger) -> list[str]:
    view: mend.View = mend.SECTION.view(ledger)
    cards = (*view.blocking, *view.conditions)
    rows = [_row(card) for card in cards]
    rows += [_unreached(entry) for entry in view.unreached]
    if not rows:
        return []
    table = [
        "| Requirement | We expected | Your implementation answered | See it again |",
        "| --- | --- | --- | --- |",
    ]
    blocks = ["### What to mend first", *_causes(ledger), "\n".join([*table, *rows[:ROWS]])]
    more = len(rows) - ROWS + view.hidden if len(rows) > ROWS else view.hidden
    if more > 0:
        blocks.append(f"and {figures.count(more, 'more requirement')} in `report.html`")
    return blocks


def _causes(ledger: Ledger) -> list[str]:
    """Tell which misses look like one mistake: those that a known one explains together."""
    told: dict[tuple[str, ...], str] = {}
    for alike in ledger.report.look_alikes:
        if len(alike.requirements) > 1:
            names = ", ".join(code(name, 60, in_table=False) for name in alike.requirements[:_NAMED])
            more = len(alike.requirements) - _NAMED
            names += f" and {more} more" if more > 0 else ""
            words = f"- {names} look like one mistake: {prose(alike.sentence)} {prose(alike.mend)}"
            told.setdefault(alike.requirements, words.rstrip())
    return ["\n".join(list(told.values())[:_CAUSES])] if told else []


def _row(card: mend.Card) -> str:
    result, requirement = card.result, card.entry.requirement
    example = f"<br>on {code(result.example, 160)}" if result.example else ""
    unwaivable = "cannot be waived" if card.entry.unwaivable else ""
    marks = [requirement.level.value, card.entry.standing.word, unwaivable]
    return (
        f"| {_SIGNS[card.entry.standing.tone]} {code(requirement.id)} {prose(requirement.text, 200)}"
        f"<br>{', '.join(filter(None, marks))}"
        f" | {prose(result.expected) or prose(result.message)}"
        f" | {prose(result.actual)}{example}"
        f" | {code(result.replay, 400)} |"
    )


def _unreached(entry: Entry) -> str:
    result = entry.misses[0].result
    told, replay = (result.message, result.replay) if result else ("", "")
    sign = _SIGNS[Tone.BAD if entry.requirement.level is Level.MUST else Tone.WARN]
    return (
        f"| {sign} {code(entry.requirement.id)} {prose(entry.requirement.text, 200)}<br>not testable"
        f" | something to examine | {prose(told)} | {code(replay, 400)} |"
    )


def _open(ledger: Ledger) -> list[str]:
    blocks = []
    if ledger.run.harness_failure:
        blocks += ["### The harness comes first", code(ledger.run.harness_failure, 1_200, in_table=False)]
    lines = []
    for group in mend.open_points(ledger)[:ROWS]:
        names = ", ".join(code(name, 60, in_table=False) for name in group.names[:6])
        reason = f": {prose(group.message)}" if group.message else ""
        lines.append(f"- {group.standing.word}, {figures.count(group.points, 'point')}{reason} ({names})")
    if lines:
        blocks += ["### Not settled", "\n".join(lines)]
    return blocks


def _changes(ledger: Ledger) -> list[str]:
    """Tell what changed since the baseline: a line per kind, what newly fails by name."""
    changes = ledger.report.changes
    if changes is None:
        return []
    before = changes.baseline
    whom = f"{before.product} {before.version}".strip() or "an unnamed implementation"
    lines = []
    for kind in ChangeKind:
        alike = [change for change in changes.changes if change.kind is kind]
        if alike:
            names = dict.fromkeys(change.requirement for change in alike)
            shown = ", ".join(code(name, 60, in_table=False) for name in list(names)[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            sign = _SIGNS[_CHANGE_TONES.get(kind, Tone.NONE)]
            lines.append(f"- {sign} {kind.value}, {figures.count(len(alike), 'point')}: {shown}{more}")
    told = f"compared with {prose(whom, 120)} of {prose(figures.moment(before.started), 60)}"
    told += f", which was {before.readiness.value.lower()}"
    return ["### Since the baseline", told, "\n".join(lines) if lines else "Every point stands as it did."]


def _attestations(ledger: Ledger) -> list[str]:
    """Tell which questions nobody has answered yet, and how to answer them."""
    questions = ledger.verdict.open_questions
    if not questions:
        return []
    texts = {question.id: question.text for question in ledger.report.questions}
    lines = [f"- {code(each, 60, in_table=False)} {prose(texts.get(each, ''))}" for each in questions[:ROWS]]
    if len(questions) > ROWS:
        lines.append(f"- and {len(questions) - ROWS} more in `report.html`")
    heading = f"### Open attestations: {len(questions)} of {len(ledger.run.profile.questions)}"
    return [heading, "\n".join(lines), "`evte attest` asks them and keeps the answers."]


def _waivers(ledger: Ledger) -> list[str]:
    """Tell which waivers are wrong, which soon end, and how many hold."""
    told = ledger.verdict
    lines = [f"- {_SIGNS[Tone.BAD]} {prose(error)}" for error in told.waiver_errors[:ROWS]]
    lines += [f"- {_SIGNS[Tone.WARN]} {prose(notice)}" for notice in told.waiver_notices[:ROWS]]
    held = {id(case.waiver) for entry in ledger.entries for case in entry.cases if case.waiver}
    if held:
        lines.append(f"- {figures.count(len(held), 'waiver')} in force")
    return ["### Waivers", "\n".join(lines)] if lines else []


def _foot(ledger: Ledger) -> list[str]:
    return [
        f"Run it again: {code(verdict.command(ledger), 400, in_table=False)}",
        "<sub>Ready means ready to apply, not certified. The whole report is in `report.html`.</sub>",
    ]
