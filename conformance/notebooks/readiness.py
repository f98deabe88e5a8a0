"""What the notebook on readiness needs: a run with its progress, and its report read in place.

`job` is a run that is still to be made.  In `evte lab` it shows itself as a form, in which somebody points at
an implementation and chooses a profile; everywhere else it says in a table what it would run.  What came of
it is a `Reading`, which shows the report as tables.  Nothing that a table shows depends on when, where or
how fast the run was.
"""

import importlib.util
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.errors import EvteError
from conformance.model import Change, Changes, Measurement, Report, Result, Status, StoredRun
from conformance.notebooks import LIVE, Table, implementation

if TYPE_CHECKING:  # a run brings pytest with it, and a picture matplotlib
    from conformance.pictures import Picture
    from conformance.plugin import Listener
    from conformance.report.ledger import Entry

_LONGEST: Final = 300
"""Characters of a message that a table shows; the report has them all."""
_LISTED: Final = 3
"""Entries of a list that the sheet shows in full."""
_MISSES: Final = {
    "fails": (Status.FAIL,),
    "cannot be tested": (Status.NOT_TESTABLE,),
    "warns": (Status.WARN,),
    "is not settled": (Status.INCONCLUSIVE, Status.SKIP, Status.KIT_ERROR),
}
"""What the trend draws of a run, each a word and the statuses that it stands for."""


# --- reading a report -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A report that is read in place; shows itself as its verdict sheet."""

    report: Report | None
    trouble: str = ""
    """Why the run did not come to an end, in the words of `evte run`; empty when it did."""

    @property
    def readiness(self) -> str:
        """READY, READY WITH CONDITIONS, NOT READY or INCOMPLETE; empty where there is no report."""
        return str(self.report.verdict.readiness) if self.report is not None else ""

    def sheet(self) -> Table:
        """Return what the first page of the report says."""
        if self.report is None:
            return Table("There is no report.", ("", ""), ())
        return Table("Verdict sheet", ("question", "answer"), tuple(_sheet(self.report)))

    def mend_first(self, most: int = 5) -> Table:
        """Return what to mend, the gravest first: what was found, and of which mistake it reminds the kit.

        Args:
            most: requirements that are shown.
        """
        if self.report is None:
            return Table("There is no report.", ("", ""), ())
        from conformance.report.ledger import open_ledger
        from conformance.report.sections.mend import missed

        entries = missed(open_ledger(self.report))
        shown = tuple(_to_mend(entry, self.report) for entry in entries[:most])
        more = f", {len(entries) - most} more are in the report" if len(entries) > most else ""
        columns = ("requirement", "what must hold", "what was found", "looks like", "what to try")
        return Table(f"What to mend first{more}" if entries else "Nothing is to be mended.", columns, shown)

    def figures(self) -> Table:
        """Return what was counted of the performance: the figures that do not differ from run to run."""
        from conformance.report.sections.performance import repeated

        found = self.report.run.performance if self.report is not None else ()
        columns = (
            "whose",
            "tokens that calls in a row took",
            "repeated when a service was out of order once",
        )
        return Table(
            "How it performs; spans are in the report",
            columns,
            tuple((each.subject, _reused(each), repeated(each)) for each in found),
        )

    def changes_since(self, before: "Reading") -> Table:
        """Return what stands otherwise than in an earlier report, as `evte diff` tells it."""
        if self.report is None or before.report is None:
            return Table("There is nothing to compare.", ("", ""), ())
        from conformance.report.comparison import compare

        return _changes(compare(before.report, self.report))

    def __repr__(self) -> str:
        """Return the sheet as lines of text."""
        return "\n".join(filter(None, (self.trouble, repr(self.sheet()) if self.report else "")))

    def _repr_html_(self) -> str:
        """Return the sheet for a notebook; all text in it is escaped."""
        trouble = f'<pre role="alert">{escape(self.trouble)}</pre>' if self.trouble else ""
        return trouble + (self.sheet()._repr_html_() if self.report else "")


def read(path: Path) -> Reading:
    """Return the reading of a folder that `evte run` wrote, or of its `report.json`."""
    from conformance.report import history

    try:
        return Reading(history.load(path))
    except EvteError as error:
        return Reading(None, str(error))


def _sheet(report: Report) -> list[tuple[str, str]]:
    from conformance.report import standing
    from conformance.report.figures import count
    from conformance.report.ledger import open_ledger

    ledger = open_ledger(report)
    run, verdict = report.run, report.verdict
    columns = ledger.tally().items()
    tally = [f"{count(number, 'case')} {standing.COLUMNS[name][0]}" for name, number in columns if number]
    unsure = sum(entry.assumed for entry in ledger.scoring)
    rows = [
        ("is it ready?", f"{verdict.readiness}: {verdict.sentence}"),
        ("which product?", ledger.product),
        ("for what?", f"{run.profile.title} ({run.profile.name} {run.profile.edition})"),
        ("what was seen?", ", ".join(tally)),
        ("what is missing?", _several(verdict.missing)),
        ("which conditions?", _several(verdict.conditions, "none")),
        ("who has yet to answer?", _several(verdict.open_questions, "nobody")),
        ("how long is it valid?", _validity(report)),
        ("what is concluded or assumed?", f"{count(unsure, 'requirement')} of {len(ledger.scoring)}"),
    ]
    return [(question, _cut(answer)) for question, answer in rows]


def _reused(measurement: Measurement) -> str:
    """Say in words what the report says in numbers: how many calls are made depends on how long they take."""
    calls, tokens = measurement.calls, measurement.token_requests
    if not calls:
        return "not measured"
    if tokens >= calls and calls > 1:
        return "one for each call"
    return {0: "none: one was held from before", 1: "one for all calls"}.get(tokens, f"{tokens}")


def _validity(report: Report) -> str:
    if not report.verdict.valid_until:
        return "not at all"
    ends, begins = (date.fromisoformat(t[:10]) for t in (report.verdict.valid_until, report.run.finished))
    return f"{(ends - begins).days} days, or until the build changes"


def _several(lines: Sequence[str], nothing: str = "nothing") -> str:
    if not lines:
        return nothing
    more = f"\nand {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return "\n".join(lines[:_LISTED]) + more


def _to_mend(entry: "Entry", report: Report) -> tuple[str, ...]:
    from conformance.report.remedy import remedy

    result = next(case.result for case in entry.misses if case.result is not None)
    language = report.run.implementation.language if report.run.implementation else ""
    alike = next((each for each in report.look_alikes if entry.requirement.id in each.requirements), None)
    told = (
        entry.requirement.id,
        entry.requirement.text,
        result.message,
        alike.sentence if alike else "",
        result.remediation or remedy(entry.requirement, language)[0],
    )
    return tuple(_cut(text) for text in told)


def _changes(changes: Changes) -> Table:
    if not changes.changes:
        return Table("Nothing stands otherwise than before.", ("", ""), ())
    grouped: dict[tuple[str, str], list[Change]] = {}
    for change in changes.changes:
        grouped.setdefault((str(change.kind), change.requirement), []).append(change)
    rows = tuple(
        (kind, requirement, _turn(found), f"{len(found)} case{'s' * (len(found) > 1)}")
        for (kind, requirement), found in grouped.items()
    )
    return Table("What changed", ("kind", "requirement", "from and to", "how many"), rows)


def _turn(changes: Sequence[Change]) -> str:
    turns = dict.fromkeys(f"{each.before or 'no result'} → {each.after or 'no result'}" for each in changes)
    return ", ".join(turns)


def _cut(text: str) -> str:
    from conformance.report.text import visible

    return visible(text, _LONGEST)


# --- the trend ------------------------------------------------------------------------------------


def trend(folder: Path, profile: str) -> "Picture":
    """Return the stored runs of a folder as a picture: one bar per run, the oldest on top.

    Args:
        folder: holds one folder per run, as `evte run --history` expects it.
        profile: name of the profile; runs of others are left out.

    Raises:
        OperatorError: there is no such folder.
    """
    from conformance.report import history

    return drawn_trend(history.read(folder, profile=profile).runs)


def drawn_trend(runs: Sequence[StoredRun]) -> "Picture":
    """Return runs as a picture: what misses, and for a run in which nothing does, its readiness alone."""
    from conformance.pictures import bars

    rows = {f"{number}. {run.readiness}": _misses(run) for number, run in enumerate(runs, start=1)}
    told = "; ".join(f"{name}, {_words(row)}" for name, row in rows.items()) or "there is none yet"
    title = "What does not hold, run by run"
    if not any(sum(row.values()) for row in rows.values()):
        title = "Nothing misses in any run: what passes"
        rows = {
            f"{number}. {run.readiness}": {"passes": run.counts.get("pass", 0) or 1}
            for number, run in enumerate(runs, start=1)
        } or {"no run": {"passes": 1}}
    # A kind that no run has would be a word in the legend for nothing.
    kinds = [kind for kind in _MISSES if any(row.get(kind) for row in rows.values())] or ["passes"]
    rows = {name: {kind: row.get(kind, 0) for kind in kinds} for name, row in rows.items()}
    return bars(rows, title=title, alt=f"Stored runs, the oldest first: {told}.")


def _misses(run: StoredRun) -> dict[str, int]:
    return {
        word: sum(run.counts.get(status.value, 0) for status in statuses)
        for word, statuses in _MISSES.items()
    }


def _words(row: Mapping[str, int]) -> str:
    from conformance.report.figures import count

    return ", ".join(f"{count(number, 'case')}: {word}" for word, number in row.items() if number) or (
        "nothing misses"
    )


# --- making a run ---------------------------------------------------------------------------------


@dataclass(slots=True, repr=False)
class Job:
    """A run that is made when somebody presses the button, or when its reading is first asked for."""

    iut: str
    profile: str
    out: Path | None = None
    """Where the report goes; nowhere when None."""
    examples: int = 60
    """Examples per property."""
    _reading: Reading | None = field(default=None)

    @property
    def reading(self) -> Reading:
        """What came of it; the run is made now if it has not been."""
        if self._reading is None:
            self.run()
        return self._reading or Reading(None, "the run did not end")

    def run(self, listener: "Listener | None" = None) -> Reading:
        """Make the run, whether or not it has been made, and return its reading.

        What the operator or the harness got wrong is in the reading instead of being raised.

        Args:
            listener: is told of every check as it begins and ends.
        """
        from conformance import runner
        from conformance.plugin import Background

        order = runner.Order(
            iut=self.iut,
            profile=self.profile,
            out=self.out,
            examples=self.examples,
            background=Background(measure=True),
        )
        try:
            outcome = runner.run(order, listener)
        except EvteError as error:
            self._reading = Reading(None, str(error))
        else:
            failure = outcome.report.run.harness_failure or str(outcome.failure or "")
            self._reading = Reading(outcome.report, failure)
        return self._reading

    def table(self) -> Table:
        """Return what is run, and how to run the same in a terminal."""
        from conformance import catalogue

        try:
            asked = catalogue.profile(self.profile)
            title, number = asked.title, f"{len(asked.requirements)} requirements"
        except EvteError as error:
            title, number = str(error), ""
        rows = (
            ("implementation", self.iut),
            ("profile", f"{self.profile}: {title}"),
            ("asks for", number),
            ("in a terminal", f'evte run --iut "{self.iut}" --profile {self.profile} --out report'),
        )
        return Table("To be run", ("what", "which"), rows)

    def widget(self) -> Any:  # noqa: ANN401 - ipywidgets has no types
        """Return the form: implementation, profile, a button, the progress, and then the verdict sheet.

        Raises:
            ModuleNotFoundError: ipywidgets is not installed.
        """
        import ipywidgets

        from conformance import catalogue

        wide = {"style": {"description_width": "initial"}, "layout": {"width": "80%"}}
        iut = ipywidgets.Text(value=self.iut, description="implementation", **wide)
        names = list(catalogue.profiles())
        profile = ipywidgets.Dropdown(options=names, value=self.profile, description="profile", **wide)
        button = ipywidgets.Button(description="Run", tooltip="Run the profile against the implementation")
        bar = ipywidgets.IntProgress(value=0, min=0, max=1, layout={"width": "80%"})
        words = ipywidgets.Label(value="not run yet")
        sheet = ipywidgets.HTML(value=self._reading._repr_html_() if self._reading else "")

        def press(_button: object) -> None:
            self.iut, self.profile = iut.value.strip() or implementation(), profile.value
            button.disabled = True
            try:
                sheet.value = self.run(_Shown(bar, words))._repr_html_()
            finally:
                button.disabled = False
            words.value = self.reading.readiness or "the run did not come to an end"

        button.on_click(press)
        return ipywidgets.VBox([iut, profile, button, bar, words, sheet])

    def __repr__(self) -> str:
        """Return what is run as lines of text."""
        return repr(self.table())

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> object:
        """Give Jupyter the form where somebody can press its button, the table otherwise."""
        if os.environ.get(LIVE) and importlib.util.find_spec("ipywidgets") is not None:
            return self.widget()._repr_mimebundle_()
        return {"text/plain": repr(self), "text/html": self.table()._repr_html_()}


def job(profile: str = "smoke", *, iut: str = "", out: Path | None = None, examples: int = 60) -> Job:
    """Return a run to be made.

    Args:
        profile: name of the profile.
        iut: as `evte run --iut` takes it; the reader's own implementation, or the reference, when empty.
        out: where the report goes; nowhere when left out.
        examples: per property.
    """
    return Job(iut or implementation(), profile, out, examples)


class _Shown:
    """Tells a bar and a line of words how far a run is."""

    def __init__(self, bar: Any, words: Any) -> None:  # noqa: ANN401 - ipywidgets has no types
        self._bar, self._words = bar, words
        self._done = self._missed = 0

    def planned(self, total: int) -> None:
        """Set the length of the bar."""
        self._bar.max, self._bar.value = max(total, 1), 0
        self._done = self._missed = 0

    def begins(self, requirement: str, case: str) -> None:
        """Say nothing: a line per check would flicker."""

    def ends(self, result: Result) -> None:
        """Move on, and count what misses."""
        if result.status is Status.SKIP:
            return
        self._done += 1
        self._missed += result.status not in (Status.PASS, Status.NOT_APPLICABLE)
        self._bar.value = self._done
        self._words.value = f"{self._done} of {self._bar.max} done, {self._missed} missed"
