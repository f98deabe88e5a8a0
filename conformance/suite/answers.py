"""What may be demanded of a product after an unusual answer of the token service or of the registry.

Every demand is held against the healthy twin: what a product gets wrong after a plain answer as well says
nothing about the unusual one.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from conformance.errors import ImplementationError, NotTestable, OutOfReach
from conformance.model import Severity, Subcode

if TYPE_CHECKING:
    from conformance.suite.conftest import Scenario
    from conformance.suite.iut import Observed

KEY_IN_USE: Final = ("security.signature_wrong",)
"""What shows at the registry that the right proof key was found."""

ANSWER_IN_USE: Final = (
    "token.changed",
    "security.key_reference",
    "security.reference_altered",
    *KEY_IN_USE,
)
"""What shows at the registry that token, reference and proof key were found."""


VARIED_ANSWERS: Final = 8
"""Variations of an answer that are shown: as many as a second's fraction has numbers of digits, 0 to 7."""


def must_make_use(healthy: "Scenario", scenario: "Scenario", codes: tuple[str, ...] = ANSWER_IN_USE) -> None:
    """Demand that a product makes as good a use of an unusual answer as it does of a plain one.

    Where the registry is asked, its judge says how the answer was used; elsewhere the product does.

    Args:
        healthy: the twin with a plain answer.
        scenario: with the unusual one.
        codes: rules of the judge of requests to the registry.

    Raises:
        ImplementationError: it does not.
        NotTestable: it does not do so with a plain answer either, or there was no exchange.
    """
    scenario.cite()
    healthy.token_request()
    scenario.token_request()
    if scenario.reply.method == "token.obtain":
        healthy.reply.must_be_ok(as_twin=True)
        scenario.reply.must_be_ok()
        return
    must_keep_as_twin(healthy.registry_request(), codes)
    if not scenario.registry_requests:
        scenario.reply.must_be_ok()
    scenario.registry_request().must_satisfy(*codes)


def variation_of(scenario: "Scenario") -> str:
    """Say how the answer of a scenario was varied, and what to draw it from again."""
    facts = scenario.token_request().facts
    form = facts.variation if facts is not None else None
    if form is None:
        return "the answer was not varied"
    place = "at the root" if form.declared_at_root else "where they are used"
    told = [
        f"prefixes {form.prefixes}, declared {place}",
        f"{form.digits} digits of a second's fraction",
        f"attributes {form.attributes}",
        "indented" if form.indented else "on one line",
    ]
    if form.missing:
        told.append(f"without {', '.join(form.missing)}")
    return f"variation {form.number} of seed {scenario.iut.budget.seed}: {'; '.join(told)}"


def must_have_succeeded(healthy: "Scenario") -> None:
    """Make sure that a product took the plain answer, so that a refusal of another one proves something.

    Raises:
        NotTestable: it refused that too, or nothing was asked.
        Inconclusive: it crashed or hung.
    """
    healthy.token_request()
    healthy.reply.must_be_ok(as_twin=True)


def must_have_sent_entropy(scenario: "Scenario") -> None:
    """Make sure that the product contributes to the proof key, so that it may be made from its half.

    Raises:
        OutOfReach: it does not, so that every answer brings the whole key.
        NotTestable: there was no request that could be read.
    """
    facts = scenario.token_request().facts
    if facts is None or facts.request is None:
        raise NotTestable("the request for a token could not be read", advice="mend the failures on it first")
    if facts.request.entropy is None:
        raise OutOfReach(
            "the product sends no entropy, so that no proof key can be made of it",
            advice="run again should the product ever send t:Entropy",
        )


def must_have_known_the_end(scenario: "Scenario") -> None:
    """Demand that the end of the token which a product reports is not after the one that was granted.

    Raises:
        ImplementationError: it is, or it is no moment at all.
        NotTestable: no token was issued, or its end is not reported.
    """
    facts = scenario.token_request().facts
    granted = facts.expires if facts is not None else None
    if granted is None:
        raise NotTestable("no token was issued, so that there is no end to know", expected="a token")
    value = scenario.reply.must_be_ok()
    told = value.get("expires") if isinstance(value, dict) else None
    if not told:
        raise NotTestable(
            "the product does not report the end of its token",
            expected="the moment in `expires`",
            found=scenario.reply.described(),
        )
    end = _moment(str(told))
    if end is None or (end - granted).total_seconds() > 1:
        raise ImplementationError(
            "the product takes its token to last longer than it was granted for",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{granted.isoformat()} or earlier",
            found=str(told),
            where="expires",
            advice="go by Lifetime/Expires of the answer, not by what was asked for",
        )


def must_keep_as_twin(twin: "Observed", codes: tuple[str, ...]) -> None:
    """Make sure that the twin keeps the rules that are asked about.

    Raises:
        NotTestable: it does not, or they could not be looked at.
    """
    broken = {finding.code for finding in twin.judgement.findings if finding.severity is Severity.ERROR}
    if wrong := [code for code in codes if code in broken or code not in twin.judgement.examined]:
        raise NotTestable(
            "the product does not use a plain answer rightly, so that an unusual one would tell nothing",
            expected="a twin that keeps the same rules",
            found=", ".join(wrong),
            advice="mend the failures on the healthy exchange first",
        )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
