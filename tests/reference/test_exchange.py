"""The reference carries out the whole exchange against the simulators, and understands what comes back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.reference import VARIANTS, Correct
from conformance.simulators.bench import Bench, OperatorCredential

MARYAM = {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}


@pytest.fixture(scope="module", params=[False, True], ids=["local", "cloud"])
def bench(request, tmp_path_factory):
    """Both services, with a credential of either kind."""
    with Bench(datetime.now(UTC), 7, tmp_path_factory.mktemp("bench"), act_as=request.param) as laid_out:
        yield laid_out


@pytest.fixture
def reference():
    """The reference, which notes its pauses instead of making them."""
    waited = []
    product = Correct(sleep=waited.append)
    product.waited = waited
    return product


def verify(product, bench, name, request=MARYAM, faults=(), **overrides):
    """Ask for a verification in a scenario of its own."""
    with bench.scenario(name, faults=faults) as recording:
        result = product.usi_call(
            **{**bench.parameters(), **overrides}, operation="VerifyUSI", request=request
        )
    return result, recording


def errors(recording):
    """What the judges refuse of a scenario's requests."""
    return [
        finding.message
        for exchange in recording.exchanges
        for finding in exchange.judgement.findings
        if finding.severity == "error"
    ]


def test_verifies_a_known_person(reference, bench):
    """Token, call, answer: verified, and neither judge has an error to report."""
    result, recording = verify(reference, bench, "verify")
    assert result == {
        "status": "ok",
        "value": {
            "response": {
                "USIStatus": "Valid",
                "FirstName": "Match",
                "FamilyName": "Match",
                "DateOfBirth": "Match",
            },
            "conclusion": "verified",
        },
    }
    assert errors(recording) == []
    assert (len(recording.sts), len(recording.registry)) == (1, 1)


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_variants_are_right_too(name, bench):
    """Neither judge has an error to report of an implementation that is right in another way."""
    result, recording = verify(VARIANTS[name](), bench, f"variant-{name}")
    assert errors(recording) == []
    assert result["value"]["conclusion"] == "verified"


def test_keeps_the_token_until_it_is_told_to_forget(reference, bench):
    """One token serves several calls; `session.reset` forgets it."""
    counts = []
    for step in ("first", "second", "forgotten"):
        if step == "forgotten":
            reference.session_reset()
        _, recording = verify(reference, bench, step)
        counts.append((len(recording.sts), len(recording.registry)))
    assert counts == [(1, 1), (0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("request_", "conclusion", "status"),
    [
        ({**MARYAM, "FamilyName": "Frederick"}, "not_verified", "Valid"),
        ({**MARYAM, "DateOfBirth": "1966-05-26"}, "not_verified", "Valid"),
        (
            {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
            "verified",
            "Valid",
        ),
        (
            {"USI": "DG6K5YHPP3", "FirstName": "Asfaha", "FamilyName": "Loflin", "DateOfBirth": "1982-12-23"},
            "not_verified",
            "Deactivated",
        ),
        ({**MARYAM, "USI": " bngh7c75fn "}, "verified", "Valid"),
        ({**MARYAM, "FirstName": "  Maryam "}, "verified", "Valid"),
    ],
    ids=["family-name", "date-of-birth", "single-name", "deactivated", "folded-usi", "trimmed-name"],
)
def test_concludes_from_status_and_matches(reference, bench, request_, conclusion, status):
    """Verified is Valid with every element matching; what a person typed is folded and trimmed."""
    result, recording = verify(reference, bench, str(request_), request_)
    assert (result["value"]["conclusion"], result["value"]["response"]["USIStatus"]) == (conclusion, status)
    assert errors(recording) == []


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({**MARYAM, "USI": "BNGH7C75FM"}, "usi.check_character"),
        ({**MARYAM, "USI": "INDIV"}, "usi.not_a_usi"),
        ({**MARYAM, "USI": None}, "usi.type"),
        ({**MARYAM, "DateOfBirth": "1966-05-25Z"}, "request.invalid"),
        ({**MARYAM, "DateOfBirth": "1966-02-30"}, "request.invalid"),
        ({**MARYAM, "SingleName": "Maryam"}, "request.invalid"),
        ({**MARYAM, "FirstName": " "}, "request.invalid"),
        ({**MARYAM, "FirstName": "Mary\0am"}, "request.invalid"),
        ({**MARYAM, "FamilyName": "x" * 41}, "request.invalid"),
        ({**MARYAM, "MiddleName": "Ann"}, "request.invalid"),
    ],
)
def test_sends_nothing_that_could_only_be_refused(reference, bench, request_, reason):
    """A request that is not fit to be sent costs neither a token nor a call."""
    result, recording = verify(reference, bench, repr(request_), request_)
    assert (result["status"], result["reason"]) == ("rejected", reason)
    assert recording.exchanges == []


@pytest.mark.parametrize(
    ("fault", "reason", "code", "calls"),
    [
        ("sts.E2003", "token.relying_party", "E2003", (1, 0)),
        ("sts.E2014", "token.revoked", "E2014", (1, 0)),
        ("sts.E2015", "token.expired", "E2015", (1, 0)),
        ("sts.E2169", "token.fault", "E2169", (1, 0)),
        ("sts.E1001", "token.unavailable", "E1001", (3, 0)),
        ("registry.1001", "service.unavailable", "1001", (1, 3)),
        ("registry.1002", "service.validation", "1002", (1, 1)),
        ("registry.2002", "service.not_authorised", "2002", (1, 1)),
        ("registry.3458", "service.outdated_version", "3458", (1, 1)),
    ],
)
def test_tells_faults_apart(reference, bench, fault, reason, code, calls):
    """The reason, the code and the words of a fault arrive; only what can pass by itself is tried again."""
    result, recording = verify(reference, bench, fault, faults=(fault,))
    assert (result["status"], result["reason"], result["native"]["code"]) == ("rejected", reason, code)
    assert len(result["native"]["text"]) > 20
    assert (len(recording.sts), len(recording.registry)) == calls
    assert len(reference.waited) == max(calls) - 1


@pytest.mark.parametrize(
    ("fault", "reason", "code"),
    [
        ("sts.reset_before", "transport.failed", "transport.failed"),
        ("sts.reset_after", "transport.failed", "transport.failed"),
        ("sts.truncated", "transport.failed", "transport.failed"),
        ("sts.redirect", "transport.failed", "HTTP 307"),
        ("sts.unavailable", "token.unavailable", "HTTP 503"),
        ("sts.html_500", "token.malformed_answer", "token.malformed_answer"),
        ("sts.empty", "token.malformed_answer", "token.malformed_answer"),
        ("sts.other_applies_to", "token.malformed_answer", "token.malformed_answer"),
        ("sts.stale_timestamp", "token.malformed_answer", "MessageExpired"),
        ("sts.fast_6", "token.fault", "MessageExpired"),
    ],
)
def test_keeps_its_head_when_the_network_does_not(reference, bench, fault, reason, code):
    """One request to the token service, none to anybody else, and a refusal that says what it was."""
    result, recording = verify(reference, bench, fault, faults=(fault,))
    assert (result["status"], result["reason"], result["native"]["code"]) == ("rejected", reason, code)
    assert [exchange.service for exchange in recording.exchanges] == ["sts"]
    assert reference.waited == []


def test_a_wrong_organisation_code_is_an_authorisation_fault(reference, bench):
    """The code of another organisation is not that of the token's ABN."""
    other = {"VA1802": "VA1803", "VA1803": "VA1802"}[bench.org_code]
    result, _ = verify(reference, bench, "other-organisation", org_code=other)
    assert (result["reason"], result["native"]["code"]) == ("service.not_authorised", "2002")


def test_an_unknown_relying_party_is_named(reference, bench):
    """AppliesTo with capital letters is another relying party."""
    result, _ = verify(
        reference,
        bench,
        "capital-letters",
        applies_to="https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc",
    )
    assert (result["reason"], result["native"]["code"]) == ("token.relying_party", "E2003")


def test_trusts_the_given_authority_only(reference, bench, tmp_path):
    """A server that the CA file does not vouch for gets nothing."""
    foreign = tmp_path / "ca.pem"
    foreign.write_bytes(bench._authority.trust_anchors_pem)
    result, recording = verify(reference, bench, "foreign-authority", ca_file=str(foreign))
    assert (result["status"], result["reason"]) == ("rejected", "transport.untrusted")
    assert recording.exchanges == []


def test_asks_over_https_only(reference, bench):
    """A token request is never sent in the clear."""
    address = bench.sts_address.replace("https:", "http:")
    result, _ = verify(reference, bench, "in-the-clear", sts_address=address)
    assert result["reason"] == "request.invalid"


def test_a_closed_port_is_a_failed_connection(reference, bench):
    """Nobody listens: no crash, and a reason."""
    result, _ = verify(reference, bench, "nobody-there", sts_address="https://127.0.0.1:1/x.svc")
    assert result["reason"] == "transport.failed"


def test_a_token_expires_when_the_service_says(bench):
    """`token.obtain` gives the end that was granted: half an hour later unless asked otherwise."""
    moment = datetime.now(UTC).replace(microsecond=0)
    with bench.scenario("lifetime"):
        product = Correct(clock=lambda: moment)
        usual = product.token_obtain(**bench.token_parameters())
        product.session_reset()
        asked = product.token_obtain(**bench.token_parameters(), lifetime_s=600)
    granted = [datetime.fromisoformat(result["value"]["expires"]) - moment for result in (usual, asked)]
    assert [life.total_seconds() for life in granted] == [1800, 600]


def test_a_wrong_password_is_noticed_before_anything_is_sent(reference, bench):
    """The credential is opened first."""
    result, recording = verify(reference, bench, "wrong-password", password="Password2!")
    assert result["reason"] == "keystore.wrong_password"
    assert recording.exchanges == []


def published_store(year):
    """A published store of the third-party testing environment, which lies beside the project."""
    store = Path(__file__).parents[3] / "shared" / "data" / "keystore" / f"keystore-3pt-{year}.xml"
    if not store.exists():
        pytest.skip(f"the published test store is not at {store}")
    return store


def test_the_published_credential_obtains_a_token(reference, tmp_path):
    """With the published store of 2025 the exchange works, and the transcript has the real certificate."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    credential = OperatorCredential.open(
        published_store(2025), "ABRD:27809366375_USIMachine", "Password1!", now=now
    )
    with Bench(now, 7, tmp_path, credential=credential, clock=lambda: now) as bench:
        # The TLS certificate is dated by the bench's moment, which the client's TLS does not share.
        product = Correct(clock=lambda: now)
        result, recording = verify(product, bench, "published-2025")
    assert result["value"]["conclusion"] == "verified"
    assert errors(recording) == []
    sent = recording.sts[0].facts.signer.certificate
    assert sent.issuer.rfc4514_string().startswith("CN=ATO Sub Certification Authority Preprod02")


def test_the_published_credential_of_2022_has_expired(reference, bench):
    """The refusal names the end of the certificate, not the date in the file, which is ten hours off."""
    store = published_store(2022)
    result, _ = verify(
        reference,
        bench,
        "published-2022",
        keystore=str(store),
        alias="ABRD:27809366375_USIMachine",
        password="Password1!",
    )
    assert result["reason"] == "keystore.expired"
    assert "2024-09-12T06:13:02Z" in result["native"]["text"]
