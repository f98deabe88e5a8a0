"""What the guided notebooks need: their place, JupyterLab, the main job with its verdicts, the fault matrix.

In a checkout the notebooks lie in `notebooks/` at the top.  From an installed kit a copy is made, because
nobody should work inside `site-packages`; a copy that exists is kept as the reader left it.

A notebook runs the kit's main job with `check` and shows what came of it as a small table.  Its reader
plugs a product in once, by the environment variable `EVTE_IUT`.  What a reader may drive with sliders is a
still picture wherever nobody can move them, so that a notebook under test shows the same everywhere.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.errors import EvteError, OperatorError

if TYPE_CHECKING:  # a run brings pytest with it, and a picture matplotlib, which `evte lab` has no use for
    from conformance.adapters.contract import Answer
    from conformance.adapters.session import Session
    from conformance.pictures import Cell, Picture
    from conformance.report.ledger import Entry
    from conformance.runner import Outcome
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Recording

VARIABLE: Final = "EVTE_IUT"
"""Environment variable with the reader's implementation, written as `evte run --iut` takes it."""

LIVE: Final = "EVTE_LAB"
"""Environment variable that `evte lab` sets: somebody is there to move sliders."""

_PACKAGE: Final = Path(__file__).parents[1]
_CHECKOUT: Final = _PACKAGE.parent / "notebooks"
_INSTALLED: Final = _PACKAGE / "_data" / "notebooks"
_MARKS: Final = {"pass": "✓", "fail": "✕", "warn": "!", "missing": "?", "absent": "-"}
"""A sign before the word of each column of the report, so that neither needs a colour."""
_SHORT: Final = 16
"""Characters up to which an entry of a table stays on one line."""
_LONGEST: Final = 400
"""Characters of a message that a table shows; the report has them all."""

FAILURES: Final[Mapping[str, tuple[str, ...]]] = {
    "nothing fails": (),
    "1001 Service Unavailable, for good": ("registry.1001",),
    "1001, once": ("registry.1001@1",),
    "1002 Generic Validation": ("registry.1002",),
    "2002 Organisation Failed Authorisation": ("registry.2002",),
    "2004 Unverified Identity": ("registry.2004",),
    "3458 Outdated Version": ("registry.3458",),
    "7777, a code that no list has": ("registry.7777",),
    "1002 and 2004 in one array": ("registry.1002", "registry.2004"),
    "1002 under HTTP 200": ("registry.1002", "registry.fault_200"),
    "1002 in the namespace of 2022": ("registry.1002", "registry.fault_2022"),
    "a fault without detail": ("registry.no_detail",),
    "InvalidSecurity, once": ("registry.invalid_security@1",),
    "InvalidSecurity, for good": ("registry.invalid_security",),
    "a page for people, HTTP 200": ("registry.html",),
    "an empty answer, HTTP 200": ("registry.empty",),
    "HTTP 503 of something in between": ("registry.unavailable",),
    "a redirect to another host": ("registry.redirect",),
    "half of an answer, then the end": ("registry.truncated",),
    "a reset before the answer": ("registry.reset_before",),
}
"""What fails in the rows of a fault matrix: in words, and as names of `conformance.simulators.faults`.

Silence is missing: to wait for a product's time-out would take longer than all of these."""


# --- opening --------------------------------------------------------------------------------------


def place(folder: Path | None = None) -> Path:
    """Return the folder with the notebooks to open, after copying them there if need be.

    Args:
        folder: the reader's own place; `evte-notebooks` below the current folder when the kit is
            installed, the checkout's own notebooks otherwise.

    Raises:
        OperatorError: the folder cannot be written.
    """
    if folder is None and _CHECKOUT.is_dir():
        return _CHECKOUT
    source = _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED
    target = (folder or Path("evte-notebooks")).resolve()
    try:
        target.mkdir(parents=True, exist_ok=True)
        for notebook in sorted(source.glob("*.ipynb")):
            if not (target / notebook.name).exists():
                shutil.copyfile(notebook, target / notebook.name)
    except OSError as error:
        raise OperatorError(
            f"the notebooks cannot be copied: {error.strerror}",
            where=str(target),
            advice="name a folder that you may write to with --dir",
        ) from error
    return target


def start(folder: Path, arguments: tuple[str, ...] = ()) -> int:
    """Start JupyterLab on a folder, wait for its end, and return its exit status.

    Raises:
        OperatorError: JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise OperatorError(
            "JupyterLab is not installed",
            expected="the extra `notebooks`",
            advice="python -m pip install 'evte-conformance[notebooks]'",
        )
    return subprocess.run(
        [sys.executable, "-m", "jupyterlab", str(folder), *arguments],
        check=False,
        env={**os.environ, LIVE: "1"},
    ).returncode


# --- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """A table that shows itself: as HTML with a caption and headings in a notebook, as lines elsewhere."""

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    """The first member of a row is its heading."""

    def __repr__(self) -> str:
        """Return the table as lines of text."""
        lines = [self.columns, *(tuple(str(member) for member in row) for row in self.rows)]
        # The last column may be long: nothing stands to its right, so that it needs no width.
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns) - 1)]
        texts = [
            "  ".join(
                (*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1])
            ).rstrip()
            for line in lines
        ]
        return "\n".join((self.caption, *texts))

    def _repr_html_(self) -> str:
        """Return the table for a notebook; all text in it is escaped, and no colour carries a meaning."""
        head = "".join(
            f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in self.columns
        )
        body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in self.rows)
        return (
            f'<table><caption style="text-align:left">{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _cells(row: Sequence[object]) -> Iterator[str]:
    for place, member in enumerate(row):
        text, style = str(member), "text-align:left;vertical-align:top"
        if len(text) <= _SHORT:
            style += ";white-space:nowrap"
        shown = escape(text).replace("\n", "<br>")
        yield (
            f'<th scope="row" style="{style}">{shown}</th>'
            if place == 0
            else f'<td style="{style}">{shown}</td>'
        )


# --- pictures that a reader drives ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slider:
    """One number that a reader may move."""

    label: str
    first: int
    last: int
    at: int
    """Where it stands at first, and where nobody can move it."""

    def __post_init__(self) -> None:
        if not self.first <= self.at <= self.last:
            raise ValueError(f"{self.label}: {self.at} is not between {self.first} and {self.last}")


@dataclass(frozen=True, slots=True, repr=False)
class Driven:
    """A picture that depends on numbers: with sliders in `evte lab`, and still everywhere else."""

    draw: Callable[..., "Picture"]
    """Takes one number per slider, by the slider's name."""
    sliders: Mapping[str, Slider]

    def picture(self) -> "Picture":
        """Return the picture as it is before anybody moves a slider."""
        return self.draw(**{name: slider.at for name, slider in self.sliders.items()})

    def __repr__(self) -> str:
        """Return the words of the still picture."""
        return repr(self.picture())

    def widget(self) -> Any:  # noqa: ANN401 - ipywidgets has no types
        """Return the sliders with the picture below them, which follows them.

        Raises:
            ModuleNotFoundError: ipywidgets is not installed.
        """
        import ipywidgets

        still = self.picture()
        shown = ipywidgets.Image(value=still.png(), format="png", layout={"max_width": "100%"})
        words = ipywidgets.Label(value=still.alt)
        controls = {
            name: ipywidgets.IntSlider(
                value=slider.at,
                min=slider.first,
                max=slider.last,
                description=slider.label,
                continuous_update=False,
                style={"description_width": "initial"},
                layout={"width": "60%"},
            )
            for name, slider in self.sliders.items()
        }

        def follow(_change: object) -> None:
            drawn = self.draw(**{name: control.value for name, control in controls.items()})
            shown.value, words.value = drawn.png(), drawn.alt

        for control in controls.values():
            control.observe(follow, names="value")
        return ipywidgets.VBox([*controls.values(), shown, words])

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> object:
        """Give Jupyter the sliders where somebody can move them, the still picture otherwise."""
        if os.environ.get(LIVE) and importlib.util.find_spec("ipywidgets") is not None:
            return self.widget()._repr_mimebundle_()
        return self.picture()._repr_mimebundle_(include, exclude)


def drive(draw: Callable[..., "Picture"], **sliders: Slider) -> Driven:
    """Return a picture that the reader drives.

    Args:
        draw: takes one number per slider, as keyword arguments, and returns the picture.
        **sliders: by the name of the argument.
    """
    return Driven(draw, sliders)


# --- the fault matrix -----------------------------------------------------------------------------

_COLUMNS: Final = {
    "requests to the registry": 0.62,
    "reason that is told": 0.92,
    "code that is shown": 0.62,
    "conclusion": 0.6,
}
"""Of the fault matrix, with their shares of its width; the rows' headings have a share of 1."""
_KINDS: Final = (
    "concludes nothing",
    "asks again",
    "verified",
    "keeps silent",
    "concludes something else",
    "falls over",
)
"""Of its cells, in the order of the palette."""
_PERSON: Final = {
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
"""A published person of the third-party testing environment, with everything right."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an implementation did in one call, in which something failed or nothing did."""

    failure: str
    """In words."""
    requests: str
    """How many there were, in words."""
    reason: str
    """The contract's; `not stated` of a refusal without one; `none` of what is no refusal."""
    code: str
    """Those of the fault that the user is shown; `not shown`, or `none` where there is none to show."""
    conclusion: str
    """A word of the contract; `refused` without one; else how the call ended."""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What stands in the matrix, from left to right."""
        return self.requests, self.reason, self.code, self.conclusion

    @property
    def words(self) -> str:
        """The row as a piece of a sentence."""
        told = "" if self.reason == _NOTHING else f"reason {self.reason}, "
        shown = "" if self.code == _NOTHING else f"code {self.code}, "
        return f"{self.failure}: {self.requests}, {told}{shown}{self.conclusion}"


@dataclass(frozen=True, slots=True, repr=False)
class FaultMatrix:
    """What an implementation does when things fail; shows itself as a picture with words in every cell.

    It holds facts and no verdicts; whether they may be so, `check` says.
    """

    target: str
    """The implementation, as it was given."""
    rows: tuple[Reaction, ...] = ()
    trouble: str = ""
    """Why there are no rows, in the words of `evte run`; empty when there are."""
    beside: "FaultMatrix | None" = None
    """Another implementation's; what differs from it has a note that says so."""

    def __repr__(self) -> str:
        """Return the words of the picture, or the trouble."""
        return self.trouble or repr(self.picture())

    def __getitem__(self, failure: str) -> Reaction:
        """Return the row of a failure."""
        return next(row for row in self.rows if row.failure == failure)

    @property
    def differences(self) -> tuple[str, ...]:
        """The failures after which something is done that `beside` does not do."""
        return tuple(row.failure for row in self.rows if row != self._other(row))

    def picture(self) -> "Picture":
        """Return the matrix as a picture, whose words tell every row."""
        from conformance.pictures import matrix

        rows = {row.failure: self._drawn(row) for row in self.rows}
        told = "; ".join(row.words for row in self.rows)
        title = f"{_cut(self.target)}, when things fail"
        if self.beside is not None:
            title += f"; framed: where {_cut(self.beside.target)} does otherwise"
        alt = f"Fault matrix of {self.target}. {told}."
        return matrix(rows, columns=_COLUMNS, corner="what fails", kinds=_KINDS, title=title, alt=alt)

    def _other(self, row: Reaction) -> Reaction:
        return row if self.beside is None else self.beside[row.failure]

    def _drawn(self, row: Reaction) -> "list[Cell]":
        from conformance.pictures import Cell

        name = _cut(self.beside.target) if self.beside is not None else ""
        kinds = ("asks again" if row.requests.endswith("requests") else "", "", "", _kind(row.conclusion))
        return [
            Cell(
                text,
                kind or ("keeps silent" if text in (_NO_REASON, _NO_CODE) else ""),
                "" if text == other else f"{name}: {other}",
            )
            for text, kind, other in zip(row.cells, kinds, self._other(row).cells, strict=True)
        ]

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> object:
        """Give Jupyter the picture, or the trouble in its place."""
        if self.trouble:
            alert = f'<pre role="alert">{escape(self.trouble)}</pre>'
            return {"text/plain": self.trouble, "text/html": alert}
        return self.picture()._repr_mimebundle_(include, exclude)


_NO_REASON: Final = "not stated"
_NO_CODE: Final = "not shown"
_NOTHING: Final = "none"
_LONGEST_NAME: Final = 48
"""Characters of an implementation's name that a picture has room for."""


def _cut(target: str) -> str:
    return target if len(target) <= _LONGEST_NAME else f"{target[:_LONGEST_NAME]}…"


def _kind(conclusion: str) -> str:
    """Return the kind of a cell that holds a conclusion."""
    kinds = {"refused": "concludes nothing", "failed": "concludes nothing", "verified": "verified"}
    fallen = ("error", "crash", "hang", "stopped", "unsupported")
    return kinds.get(conclusion, "falls over" if conclusion in fallen else "concludes something else")


def fault_matrix(
    iut: str = "reference",
    *,
    beside: FaultMatrix | None = None,
    failures: Mapping[str, tuple[str, ...]] = FAILURES,
) -> FaultMatrix:
    """Have an implementation verify a person while one thing after the other fails, and tell what it did.

    It is pointed at the kit's own services with a credential of the kit's own.  What the operator or the
    harness got wrong is shown in the picture's place instead of being raised.

    Args:
        iut: as of `check`.
        beside: another implementation's matrix, to see the differences.
        failures: in words, and as names of `conformance.simulators.faults`.
    """
    from datetime import UTC, datetime
    from tempfile import TemporaryDirectory

    from conformance.adapters.session import attach
    from conformance.reference import resolve
    from conformance.simulators.bench import Bench

    try:
        with (
            TemporaryDirectory(prefix="evte-", ignore_cleanup_errors=True) as folder,
            attach(iut, resolve=resolve) as session,
            Bench(datetime.now(UTC), 8, Path(folder)) as bench,
        ):
            rows = tuple(_react(session, bench, title, faults) for title, faults in failures.items())
    except EvteError as error:
        return FaultMatrix(iut, trouble=str(error))
    usable = beside is not None and {row.failure for row in beside.rows} >= set(failures)
    return FaultMatrix(iut, rows, beside=beside if usable and beside != FaultMatrix(iut, rows) else None)


def _react(session: "Session", bench: "Bench", failure: str, faults: tuple[str, ...]) -> Reaction:
    if session.supports("session.reset"):  # so that each row has a token of its own
        session.call("session.reset", {})
    with bench.scenario(failure, faults) as recording:
        order = {**bench.parameters(), "operation": "VerifyUSI", "request": _PERSON}
        answer = session.call("usi.call", order)
    return _reaction(failure, answer, recording)


def _reaction(failure: str, answer: "Answer", recording: "Recording") -> Reaction:
    from conformance.adapters.contract import Outcome
    from conformance.report.figures import count
    from conformance.simulators.faults import named

    refused, ok = answer.outcome is Outcome.REJECTED, answer.outcome is Outcome.OK
    requests = count(len(recording.registry), "request")
    if recording.elsewhere:
        requests = f"{requests}, {len(recording.elsewhere)} to another host"
    native = f"{answer.native.code} {answer.native.text}" if answer.native is not None else ""
    shown = f"{native} {answer.value['response'] if ok else ''}"
    codes = [fault.code for fault in named(recording.faults, "registry") if fault.code]
    seen = [code for code in codes if code in shown]
    conclusion = "refused" if refused else answer.value["conclusion"] if ok else str(answer.outcome)
    return Reaction(
        failure,
        requests,
        (answer.reason or _NO_REASON) if refused else _NOTHING,
        # Who was verified in the end need not hear of what came in between.
        " and ".join(seen) or (_NO_CODE if codes and conclusion != "verified" else _NOTHING),
        conclusion,
    )


# --- the main job in place ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one requirement stands."""

    requirement: str
    text: str
    """The requirement's sentence."""
    status: str
    """A word with a sign, as in the report: `✓ pass`, `✕ fail`."""
    message: str
    """What was found, with the smallest example; empty for a pass."""
    remedy: str
    """What to try; empty for a pass."""
    tried: str
    """How many vectors, properties or scenarios stand behind it, in words."""


@dataclass(frozen=True, slots=True, repr=False)
class Verdicts:
    """What came of a run, as far as it was asked for; shows itself as a table.

    Nothing in it depends on when, where or how fast the run was.
    """

    target: str
    """The implementation, as it was given."""
    profile: str
    rows: tuple[Verdict, ...] = ()
    conclusion: str = ""
    """Readiness and the sentence that goes with it, when the profile was run whole."""
    trouble: str = ""
    """Why the run did not come to an end, in the words of `evte run`; empty when it did."""
    outcome: "Outcome | None" = field(default=None, compare=False)
    """Everything else that the run knows; None when it could not start."""

    @property
    def passed(self) -> bool:
        """Whether something holds, and nothing that applies does not."""
        return bool(self._applying) and not self.trouble and not self.misses

    @property
    def misses(self) -> tuple[str, ...]:
        """The ids of the requirements that do not hold or are not settled."""
        passing = _MARKS["pass"]
        return tuple(row.requirement for row in self._applying if not row.status.startswith(passing))

    @property
    def _applying(self) -> tuple[Verdict, ...]:
        """The rows without those that do not apply to the implementation, which neither hold nor fail."""
        return tuple(row for row in self.rows if not row.status.startswith(_MARKS["absent"]))

    def __repr__(self) -> str:
        """Return the table as lines of text."""
        return "\n".join(
            filter(None, (self.conclusion, self.trouble, repr(self._table()) if self.rows else ""))
        )

    def _repr_html_(self) -> str:
        """Return the conclusion and the table for a notebook; all text in it is escaped."""
        parts = []
        if self.conclusion:
            parts.append(f"<p><strong>{escape(self.conclusion)}</strong></p>")
        if self.trouble:
            parts.append(f'<pre role="alert">{escape(self.trouble)}</pre>')
        if self.rows:
            parts.append(self._table()._repr_html_())
        return "".join(parts)

    def _table(self) -> Table:
        columns: tuple[str, ...] = (
            "requirement",
            "what must hold",
            "status",
            "tried",
            "what was found",
            "what to try",
        )
        rows: list[tuple[str, ...]] = [
            (r.requirement, r.text, r.status, r.tried, r.message, r.remedy) for r in self.rows
        ]
        if not self.misses:  # the last two columns would be empty
            columns, rows = columns[:4], [row[:4] for row in rows]
        applying = len(self._applying)
        hold = f"{applying - len(self.misses)} of {applying} requirements hold"
        if absent := len(self.rows) - applying:
            hold += f", {absent} more {'does' if absent == 1 else 'do'} not apply"
        return Table(f"{self.target} against {self.profile}: {hold}", columns, rows)


def implementation() -> str:
    """Return the reader's implementation: the variable `EVTE_IUT`, or `reference` while it is not set."""
    return os.environ.get(VARIABLE, "").strip() or "reference"


def check(iut: str = "reference", *only: str, profile: str = "usi-local") -> Verdicts:
    """Run the kit's main job against an implementation and return the verdicts, to be shown in place.

    It writes no report; `evte run` with the same arguments does.  What the operator or the harness got
    wrong is shown in the table's place instead of being raised.

    Args:
        iut: as `evte run --iut` takes it: `reference`, `mutant:NAME`, `cmd:COMMAND LINE`, `http://…` or
            `python:module:attribute`.
        *only: requirement ids, or beginnings of ids, to be run; the whole profile when there are none.
        profile: name of the profile.
    """
    from conformance import runner

    try:
        outcome = runner.run(runner.Order(iut=iut, profile=profile, only=only))
    except EvteError as error:
        return Verdicts(iut, profile, trouble=str(error))
    return _verdicts(outcome, only)


def inspected(verdicts: Verdicts, receiver: str = "token service") -> str:
    """Return what `evte inspect` says of the first message that a service received during a run.

    Args:
        verdicts: of the run; those of a run that could not start have no messages.
        receiver: `token service` or `registry`.
    """
    from datetime import datetime

    import msgspec

    from conformance import inspection

    if verdicts.outcome is None:
        return "there was no run"
    report = verdicts.outcome.report
    messages = ((evidence, message) for evidence in report.evidence for message in evidence.messages)
    for evidence, message in messages:
        if message.receiver != receiver or not message.body:
            continue
        alone = msgspec.json.encode(msgspec.structs.replace(evidence, messages=(message,)))
        try:
            found = inspection.inspect(alone, now=datetime.fromisoformat(report.run.started))
        except inspection.NotAMessage as error:
            return str(error)
        return inspection.tell(found)
    return f"nothing was sent to the {receiver}"


def _verdicts(outcome: "Outcome", only: Sequence[str]) -> Verdicts:
    from conformance.model import Status
    from conformance.report.ledger import open_ledger

    report = outcome.report
    ledger = open_ledger(report)
    entries = [
        entry
        for entry in ledger.entries
        if any(case.result and case.result.status is not Status.SKIP for case in entry.cases)
    ]
    language = report.run.implementation.language if report.run.implementation else ""
    whole = f"{report.verdict.readiness}: {report.verdict.sentence}"
    trouble = report.run.harness_failure or (str(outcome.failure) if outcome.failure else "")
    if not entries and not trouble:
        trouble = "No check was run; `evte run` with the same arguments says why."
    return Verdicts(
        target=report.run.target,
        profile=report.run.profile.name,
        rows=tuple(_row(entry, language) for entry in entries),
        conclusion="" if only else whole,
        trouble=trouble,
        outcome=outcome,
    )


def _row(entry: "Entry", language: str) -> Verdict:
    from conformance.model import Status
    from conformance.report.figures import count
    from conformance.report.remedy import remedy
    from conformance.report.text import visible

    standing = entry.standing
    worst = next(case.result for case in entry.cases if case.standing is standing)
    found = advice = ""
    if worst is not None and standing.column not in {"pass", "absent"}:
        example = f"example: {_called(worst.example)}" if worst.example else ""
        found = "\n".join(filter(None, (worst.message, example)))
        advice = worst.remediation or remedy(entry.requirement, language)[0]
        if worst.status is Status.KIT_ERROR:
            advice = "Nothing: the kit itself failed here. Please report it to us."
    return Verdict(
        requirement=entry.requirement.id,
        text=entry.requirement.text,
        status=f"{_MARKS[standing.column]} {standing.word}",
        message=visible(found, _LONGEST),
        remedy=visible(advice, _LONGEST),
        tried=count(len(entry.cases), "case"),
    )


def _called(example: str) -> str:
    """Return a request line as method and parameters; its number and deadline say nothing of the mistake."""
    try:
        line = json.loads(example)
        method, params = line["method"], dict(line["params"])
    except (ValueError, TypeError, KeyError):
        return example
    params.pop("deadline_ms", None)
    if "path" in params:  # a temporary folder, gone by now
        params["path"] = Path(params["path"]).name
    return f"{method} {json.dumps(params, ensure_ascii=False)}"
