"""The implementation under test as checks speak to it, and what may be demanded of its answers.

`Iut` sends; `Reply` demands.  A demand that fails raises an error of `conformance.errors` that says whose
fault it is; nothing here decides what a failure counts for.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from conformance.adapters.carrier import encode
from conformance.adapters.contract import REASONS, Answer, Outcome
from conformance.adapters.session import Session
from conformance.errors import (
    HarnessError,
    ImplementationError,
    Inconclusive,
    KitError,
    NotTestable,
    OutOfReach,
)
from conformance.model import Expectation, Finding, Judgement, Severity, Subcode
from conformance.suite import Budget, Case
from conformance.suite.examples import LONGEST_DRAWN, Tried, choices_so_far

_EXCERPT: Final = 300
"""Characters of a value that a message shows."""

_ON_STORES: Final = frozenset({"keystore.open", "keystore.sign"})
"""Methods that checks call on stores of their own making, whose passwords are published with the vectors."""

_REQUESTS: Final = 200
"""Requests of one check or example that are remembered, the last ones."""

_PLAINLY_WRONG: Final = {
    "usi.validate": {"usi": "not a USI"},
    "keystore.open": {"path": "there-is-no-such-keystore.xml", "alias": "ABRD:nobody", "password": "none"},
}
"""Inputs that every right implementation refuses: words, a store that is not there."""

_NO_ANSWER: Final = {
    Outcome.ERROR: (Subcode.CRASH, "the implementation failed in a way that it did not foresee"),
    Outcome.CRASH: (Subcode.CRASH, "the implementation crashed"),
    Outcome.HANG: (Subcode.HANG, "the implementation did not answer in time"),
}


def excerpt(value: object) -> str:
    """Return a value as JSON text, cut to what a person reads."""
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    if len(text) <= _EXCERPT:
        return text
    return f"{text[:_EXCERPT]}… ({len(text)} characters)"


@dataclass(slots=True)
class Ledger:
    """What one check has left behind besides its outcome.  Renewed by the plugin before each check."""

    warnings: list[ImplementationError] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    last_request: str = ""
    requests: list[str] = field(default_factory=list)
    """What was sent to the harness in the running example, or in the check if it draws none."""
    transcripts: set[str] = field(default_factory=set)
    """Ids of the transcripts that were kept since the check began."""
    kept: int = 0
    """How many of the requests belong to these transcripts."""
    drawn: str = ""
    """The running example, as Python shows it."""
    missed: list[ImplementationError] = field(default_factory=list)
    """Misses of the running example, told or not: some are the findings of other requirements."""
    _tried: list[tuple[BaseException, Tried]] = field(default_factory=list)

    def begin_example(self, drawn: str = "") -> None:
        """Forget what was sent: an example begins, which is this one as Python shows it."""
        self.requests.clear()
        self.missed.clear()
        self.kept = 0
        self.drawn = drawn[:LONGEST_DRAWN]

    def send(self, line: str) -> None:
        """Note a request to the harness."""
        if line:
            self.requests.append(line)
            if len(self.requests) > _REQUESTS:
                self.kept = max(0, self.kept - 1)
                del self.requests[0]

    def keep(self, evidence: str) -> tuple[str, ...]:
        """Note that a transcript was kept; return the requests that belong to it and to no earlier one."""
        self.transcripts.add(evidence)
        requests = tuple(self.requests[self.kept :])
        self.kept = len(self.requests)
        return requests

    def warn(self, miss: ImplementationError) -> None:
        """Note a miss that does not end the check."""
        self.warnings.append(miss)
        self.remember(miss)

    def remember(self, miss: BaseException) -> None:
        """Remember which example a miss is of: what was sent, and drawn, until now; the first time counts."""
        if self.tried(miss) is None:
            self._tried.append((miss, Tried(tuple(self.requests), *choices_so_far(), self.drawn)))

    def tried(self, miss: BaseException) -> Tried | None:
        """Return the example that a miss is of, if it was remembered."""
        return next((tried for known, tried in self._tried if known is miss), None)

    def cite(self, evidence: str) -> None:
        """Note the id of a transcript that the check has looked at."""
        if evidence and evidence not in self.evidence:
            self.evidence.append(evidence)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the implementation."""

    answer: Answer
    method: str
    asked: str
    """What was asked, in words for a message."""
    iut: "Iut"

    def must_be_ok(self, *, as_twin: bool = False) -> Any:  # noqa: ANN401 - the value of any method
        """Demand acceptance and return the value.

        Args:
            as_twin: this is the healthy twin of what the check is about; if it is not accepted, the
                check has no verdict rather than a failure.

        Raises:
            ImplementationError: refused, crashed or hung.
            NotTestable: refused, of a twin; the implementation does not offer the method; or it accepts
                what is plainly wrong as well, so that acceptance proves nothing.
            Inconclusive: crashed or hung, of a twin; or the call was not made.
        """
        if self.answer.outcome is Outcome.OK:
            if not as_twin:
                self.iut.prove_discerning(self.method)
            return self.answer.value
        error = self._no_answer() or ImplementationError(
            f"{self.asked} is right, but it was refused",
            subcode=Subcode.REJECTED_VALID,
            expected="acceptance",
            found=self.described(),
        )
        if as_twin and isinstance(error, ImplementationError):
            # A refused twin is a prerequisite that failed; a crash or a hang on it leaves all open.
            outcome = NotTestable if self.answer.outcome is Outcome.REJECTED else Inconclusive
            raise outcome(
                "the healthy twin of this case was not accepted, so a refusal would prove nothing",
                expected=f"acceptance of {self.asked}",
                found=self.described(),
                advice="mend the failure on the twin first",
            )
        raise error

    def must_be(self, value: object) -> None:
        """Demand acceptance with exactly this value."""
        found = self.must_be_ok()
        if found != value:
            raise ImplementationError(
                f"{self.asked} was answered with a wrong value",
                subcode=Subcode.WRONG_VALUE,
                expected=excerpt(value),
                found=excerpt(found),
            )

    def must_be_refused(self, *reasons: str) -> None:
        """Demand a refusal for one of these reasons of the contract.

        A refusal whose reason nobody states is let pass with a warning; one for another reason fails,
        and a crash, a hang or an unforeseen error is no refusal.
        """
        if unknown := [reason for reason in reasons if reason not in REASONS]:
            raise KitError(f"the check demands reasons that the contract does not know: {', '.join(unknown)}")
        if self.answer.outcome is Outcome.OK:
            raise ImplementationError(
                f"{self.asked} is wrong, but it was accepted",
                subcode=Subcode.ACCEPTED_INVALID,
                expected=f"a refusal: {' or '.join(REASONS[reason] for reason in reasons)}",
                found=self.described(),
            )
        if self.answer.outcome is not Outcome.REJECTED:
            raise self._no_answer() or KitError(f"outcome {self.answer.outcome} has no meaning here")
        if not self.answer.reason:
            self.iut.ledger.warn(
                ImplementationError(
                    f"{self.asked} was refused, but nobody says why",
                    subcode=Subcode.REASON_UNSTATED,
                    expected=f"the reason {' or '.join(reasons)}",
                    found=self.described(),
                    advice="state the reason in the harness, or map the product's own code in the error map",
                )
            )
        elif self.answer.reason not in reasons:
            raise ImplementationError(
                f"{self.asked} was refused for the wrong reason",
                subcode=Subcode.WRONG_REASON,
                expected=" or ".join(f"{reason} ({REASONS[reason]})" for reason in reasons),
                found=self.described(),
            )

    def must_be_ok_or_refused(self, *reasons: str) -> None:
        """Demand an orderly answer where the sources leave the choice; a refusal is for these reasons."""
        if self.answer.outcome is Outcome.OK:
            self.iut.prove_discerning(self.method)
        else:
            self.must_be_refused(*reasons)

    def must_be_answered(self) -> bool:
        """Demand acceptance or a refusal, for whatever reason, and return whether it was accepted.

        Raises:
            ImplementationError: crashed or hung.
            NotTestable: the implementation does not offer the method.
            Inconclusive: the call was not made.
        """
        if problem := self._no_answer():
            raise problem
        return self.answer.outcome is Outcome.OK

    def must_meet(self, expect: Expectation) -> None:
        """Demand what a vector expects."""
        if expect.status == "rejected":
            self.must_be_refused(*expect.reasons)
        elif expect.status == "either":
            self.must_be_ok_or_refused(*expect.reasons)
        elif expect.status == "ok" and expect.value is not None:
            self.must_be(expect.value)
        elif expect.status == "ok":
            self.must_be_ok()
        else:
            raise KitError(f"a vector expects {expect.status!r}, which means nothing")

    @property
    def shown(self) -> str:
        """The product's own code and text of a refusal, on one line; empty where it gave none."""
        native = self.answer.native
        return " ".join(f"{native.code} {native.text}".split()) if native is not None else ""

    def described(self) -> str:
        """Say in words what the implementation answered."""
        answer = self.answer
        if answer.outcome is Outcome.OK:
            return "accepted" if answer.value is None else f"accepted, value {excerpt(answer.value)}"
        if answer.outcome is Outcome.REJECTED:
            native = answer.native
            own = f"{native.code} {native.text}".strip() if native else ""
            return f"refused as {answer.reason or 'no stated reason'}" + (f": {excerpt(own)}" if own else "")
        return f"{answer.outcome}: {excerpt(answer.message)}" if answer.message else answer.outcome.value

    def _no_answer(self) -> ImplementationError | Inconclusive | NotTestable | None:
        """Return the error for an outcome that is neither acceptance nor refusal."""
        outcome = self.answer.outcome
        if outcome is Outcome.STOPPED:
            return Inconclusive(
                f"{self.asked} was not asked: {self.answer.message}", advice="mend the crash or hang first"
            )
        if outcome is Outcome.UNSUPPORTED:
            return NotTestable(
                f"the implementation does not offer what {self.asked} needs",
                found=self.described(),
                advice="offer the method in the harness, or choose a profile that does not demand it",
            )
        if outcome in _NO_ANSWER:
            subcode, sentence = _NO_ANSWER[outcome]
            return ImplementationError(
                f"{self.asked}: {sentence}",
                subcode=subcode,
                expected="an answer, ok or rejected",
                found=self.described(),
            )
        return None


class Iut:
    """The implementation under test.  One per run; the plugin renews `ledger` for every check."""

    def __init__(self, session: Session, budget: Budget) -> None:
        self.session = session
        self.budget = budget
        self.ledger = Ledger()
        self._twins: dict[tuple[str, str], NotTestable | Inconclusive | None] = {}
        self._discerning: dict[str, bool] = {}

    def call(self, method: str, asked: str, /, **parameters: Any) -> Reply:  # noqa: ANN401 - JSON values
        """Make one call of the contract; parameters that are None are left out.

        Args:
            method: name of the contract method.
            asked: what is asked, in words for a message.
            **parameters: JSON values; texts are Unicode, bytes go as base64.
        """
        kept = {name: value for name, value in parameters.items() if value is not None or name == "usi"}
        answer = self.session.call(method, kept, self.budget.deadline_s)
        self._note(method, answer, kept)
        return Reply(answer, method, asked, self)

    def _note(self, method: str, answer: Answer, parameters: dict[str, Any]) -> None:
        """Note a request, with the password where the kit has made the store for a check.

        Services are called with a credential that may be the operator's, whose password is not told.
        """
        self.ledger.last_request = line = answer.request
        if line and method in _ON_STORES and "password" in parameters:
            body = json.loads(line)
            body["params"]["password"] = parameters["password"]
            line = encode(body).decode()
        self.ledger.send(line)

    def calls_at_once(self, method: str, several: Sequence[tuple[str, dict[str, Any]]]) -> list[Reply]:
        """Make calls of one method at the same time where the harness takes them so, else one by one.

        Args:
            method: name of the contract method.
            several: of each call, what is asked in words, and the parameters.
        """
        answers = self.session.call_at_once(method, [given for _, given in several], self.budget.deadline_s)
        for answer, (_, given) in zip(answers, several, strict=True):
            self._note(method, answer, given)
        return [
            Reply(answer, method, asked, self) for answer, (asked, _) in zip(answers, several, strict=True)
        ]

    def answer_to(self, case: Case) -> Reply:
        """Send a vector whose input is the call's parameters, its healthy twin first."""
        self.twin(case, self._send)
        return self._send(case)

    def twin(self, case: Case, ask: Callable[[Case], Reply]) -> None:
        """Make sure that the healthy twin of a negative case is accepted, once per twin.

        Raises:
            NotTestable: it is refused, so that a refusal of the case would prove nothing.
            Inconclusive: the implementation crashed or hung on it, or was not asked.
        """
        if case.twin is None or case.expect.status == "ok":
            return
        key = (case.file, case.twin.id)
        if key not in self._twins:
            try:
                ask(case.twin).must_be_ok(as_twin=True)
            except (NotTestable, Inconclusive) as problem:
                self._twins[key] = problem
            else:
                self._twins[key] = None
        if (known := self._twins[key]) is not None:
            raise known

    def prove_discerning(self, method: str) -> None:
        """Make sure, once, that a method refuses what is plainly wrong.

        Raises:
            NotTestable: it does not; an implementation that accepts everything has accepted nothing.
        """
        if method not in _PLAINLY_WRONG:
            return
        if method not in self._discerning:
            answer = self.session.call(method, _PLAINLY_WRONG[method], self.budget.deadline_s)
            self._discerning[method] = answer.outcome is not Outcome.OK
        if not self._discerning[method]:
            raise NotTestable(
                f"{method} accepts what is plainly wrong as well, so its acceptance proves nothing",
                expected=f"a refusal of {excerpt(_PLAINLY_WRONG[method])}",
                found="accepted",
                advice="mend the failures on wrong input first",
            )

    def _send(self, case: Case) -> Reply:
        return self.call(case.method, f"{case.method} on {case.id}", **case.input)

    def usi_validate(self, usi: object) -> Reply:
        """Ask whether a USI is valid; any JSON value may be sent."""
        return self.call("usi.validate", f"USI {excerpt(usi)}", usi=usi)

    def usi_check_character(self, stem: str) -> Reply:
        """Ask for the check character of nine characters."""
        return self.call("usi.check_character", f"stem {excerpt(stem)}", stem=stem)

    def keystore_list(self, path: str) -> Reply:
        """Ask which credentials a store holds."""
        return self.call("keystore.list", "the list of credentials", path=path)

    def keystore_open(self, path: str, alias: str, password: str, now: str | None = None) -> Reply:
        """Open a credential; `now` (RFC 3339, UTC) only reaches an implementation that takes a clock."""
        clock = now if self.has_clock else None
        return self.call(
            "keystore.open",
            f"credential {excerpt(alias)}",
            path=path,
            alias=alias,
            password=password,
            now=clock,
        )

    def keystore_sign(
        self, path: str, alias: str, password: str, data: str, algorithm: str, now: str | None = None
    ) -> Reply:
        """Sign base64 `data` with a credential's key; `algorithm` is an XML signature method URI."""
        clock = now if self.has_clock else None
        return self.call(
            "keystore.sign",
            f"a signature with {excerpt(alias)}",
            path=path,
            alias=alias,
            password=password,
            data=data,
            algorithm=algorithm,
            now=clock,
        )

    def keystore_renew(
        self, path: str, alias: str, password: str, renewal_address: str, ca_file: str
    ) -> Reply:
        """Have a credential renewed by the service at an address; the store is rewritten."""
        return self.call(
            "keystore.renew",
            f"the renewal of {excerpt(alias)}",
            path=path,
            alias=alias,
            password=password,
            renewal_address=renewal_address,
            ca_file=ca_file,
        )

    def token_obtain(self, **parameters: Any) -> Reply:  # noqa: ANN401 - JSON values
        """Obtain a token; the parameters are those of the contract."""
        return self.call("token.obtain", "a token", **parameters)

    def usi_call(self, **parameters: Any) -> Reply:  # noqa: ANN401 - JSON values
        """Call an operation of the registry; the parameters are those of the contract."""
        return self.call("usi.call", f"the operation {parameters.get('operation', '')}", **parameters)

    def session_reset(self) -> None:
        """Have the implementation forget its caches, where it offers that."""
        if self.session.supports("session.reset"):
            self.ledger.send(self.session.call("session.reset", {}).request)

    @contextmanager
    def in_zone(self, zone: str) -> Iterator["Iut"]:
        """Give the same implementation, started anew on a host whose variable TZ names another time zone.

        Raises:
            OutOfReach: the implementation runs on its own, so that the kit cannot change its environment.
            ImplementationError: it does not start there.
        """
        session = self.session.with_environment({"TZ": zone})
        if session is None:
            raise OutOfReach(
                f"this harness is not started by the kit, so its time zone could not be set to {zone}",
                advice=f"start it with TZ={zone} and run KS-D01 to KS-D10 again; they must pass there too",
            )
        try:
            session.start()
        except HarnessError as problem:
            session.close()
            raise ImplementationError(
                f"the implementation does not start where the time zone is {zone}",
                subcode=Subcode.CRASH,
                expected="a start as in every other zone",
                found=f"{problem.message}: {problem.found}",
            ) from problem
        try:
            there = Iut(session, self.budget)
            there.ledger = self.ledger
            yield there
        finally:
            session.close()

    @property
    def has_clock(self) -> bool:
        """Whether the implementation obeys the parameter `now`."""
        return self.session.supports("clock")


@dataclass(frozen=True, slots=True)
class Observed:
    """One message of the implementation as a simulator's judge saw it."""

    judgement: Judgement
    facts: Any
    """What the judge read out of the message; its type is the judge's."""
    exchange: Any
    """The simulator's record of the exchange."""
    evidence: str
    iut: Iut

    def must_satisfy(self, *codes: str) -> None:
        """Demand that none of these rules was found broken and that all of them could be examined.

        Raises:
            ImplementationError: the judge found a rule broken; every finding of it is in the message.
            NotTestable: a rule could not be examined, for instance for want of a signature.
        """
        self.must_not_break(*codes)
        if unseen := [code for code in codes if code not in self.judgement.examined]:
            errors = [f.message for f in self.judgement.findings if f.severity is Severity.ERROR]
            raise NotTestable(
                f"the message gave nothing to examine for {', '.join(unseen)}",
                expected="a message in which this can be looked at",
                found="; ".join(errors[:3]) or "no such part",
                advice="mend the earlier failure on the same message first",
            )

    def must_not_break(self, *codes: str) -> None:
        """Demand that none of these rules was found broken, examined or not.

        Raises:
            ImplementationError: the judge found a rule broken; every finding of it is in the message.
        """
        self.iut.ledger.cite(self.evidence)
        broken = [f for f in self.judgement.findings if f.code in codes and f.severity is Severity.ERROR]
        if broken:
            raise _broken(broken)


def _broken(findings: list[Finding]) -> ImplementationError:
    first = findings[0]
    message = "; ".join(dict.fromkeys(finding.message.rstrip(".") for finding in findings))
    return ImplementationError(
        message,
        subcode=Subcode.WRONG_VALUE,
        expected=first.expected,
        found=first.actual,
        where=first.where,
        advice=first.hint,
    )
