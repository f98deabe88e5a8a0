"""`report.sarif` is valid SARIF 2.1.0, holds every miss once, and keeps the identity of each over runs."""

import hashlib
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from conformance.model import Blame, Change, ChangeKind, Changes, Remark, Status
from conformance.report import comparison, sarif

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def log_of(report):
    return json.loads(sarif.render(report))["runs"][0]


def results_of(report, label):
    """Return the results whose place is the point of that name."""
    return [
        result
        for result in log_of(report)["results"]
        if result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == label
    ]


def test_schema_is_the_published_one():
    """The copy of the schema is what its origin says."""
    digest = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"
    assert hashlib.sha256(SCHEMA.read_bytes()).hexdigest() == digest


def test_is_valid(report, validator):
    """Every sample, hostile and empty ones too, is valid against the schema of the standard."""
    log = json.loads(sarif.render(report))
    assert [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(log)] == []
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)


def test_validator_sees_what_is_wrong(sample, validator):
    """The check above can fail."""
    log = json.loads(sarif.render(sample.failing()))
    log["runs"][0]["results"][0]["level"] = "grave"
    assert not validator.is_valid(log)


def test_is_drawn_alike(report):
    """The same report gives the same bytes."""
    assert sarif.render(report) == sarif.render(report)


def test_ready_has_no_result(sample):
    """What passed is no alert, and a run that came to a verdict was successful."""
    log = log_of(sample.ready())
    assert log["results"] == []
    assert log["invocations"][0]["executionSuccessful"] is True


def test_every_miss_is_there_once(sample):
    """A failing run has a result per miss, the gravest first, each with a rule that exists."""
    log = log_of(sample.failing())
    assert len(log["results"]) == 11
    assert log["results"][0]["ruleId"] == "STS-P06"
    for result in log["results"]:
        assert log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_tells_a_miss(sample):
    """A result says what was expected, what was answered, and how grave it is."""
    (result,) = results_of(sample.failing(), "STS-R11[signs_with_sha256]")
    assert (result["kind"], result["level"]) == ("fail", "error")
    assert result["message"]["text"].startswith(
        "the signature method is not the one of version 1.3\n"
        "we expected: http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\n"
        "your implementation answered: http://www.w3.org/2000/09/xmldsig#rsa-sha1\n"
    )
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "evidence/token-cloud.json"
    )


def test_points_at_its_line(sample):
    """The place of a result is the line of `results.ndjson` that holds it."""
    report = sample.failing()
    (result,) = results_of(report, "STS-R11[signs_with_sha256]")
    place = result["locations"][0]["physicalLocation"]
    line = report.run.results[place["region"]["startLine"] - 1]
    assert place["artifactLocation"]["uri"] == "results.ndjson"
    assert (line.requirement, line.case) == ("STS-R11", "signs_with_sha256")


def test_condition_is_a_warning(sample):
    """A SHOULD that is missed does not stand in the way, and is no error."""
    (result,) = results_of(sample.failing(), "KS-K15[tells_renewal_due[29-days]]")
    assert result["level"] == "warning"


def test_waived_is_suppressed(sample):
    """What a valid waiver admits is suppressed, with owner and reason."""
    (result,) = results_of(sample.failing(), "KS-K12[refuses_tampered[abn]]")
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"].startswith("waived until 2027-01-30: The store's reader says damaged")
    assert suppression["justification"].endswith("(j.doe@example.com)")


def test_incomplete_is_never_clean(sample):
    """Each requirement with open points is a result, and the run was not successful."""
    for report in (sample.incomplete(), sample.empty()):
        log = log_of(report)
        assert log["invocations"][0]["executionSuccessful"] is False
        assert log["invocations"][0]["toolExecutionNotifications"][0]["level"] == "error"
        kinds = {(result["kind"], result["level"]) for result in log["results"]}
        assert kinds == {("open", "none")}
        assert len({result["ruleId"] for result in log["results"]}) == len(log["results"])


def test_fingerprint_is_of_the_point_alone(sample):
    """Another wording, line or kit version changes nothing of an alert's identity; another case does."""
    report = sample.failing()
    reworded = tuple(
        msgspec.structs.replace(each, message=f"now: {each.message}") for each in reversed(report.run.results)
    )
    later = msgspec.structs.replace(
        report, run=msgspec.structs.replace(report.run, results=reworded, kit_version="9.9")
    )

    def prints(one):
        return {
            result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: result["partialFingerprints"]
            for result in log_of(one)["results"]
        }

    assert prints(report) == prints(later)
    assert len({each["primaryLocationLineHash"] for each in prints(report).values()}) == 11
    assert prints(report)["STS-R11[signs_with_sha256]"]["evtePoint/v1"] == (
        hashlib.sha256(b"STS-R11\0signs_with_sha256").hexdigest()
    )


def test_rule_explains_itself(sample):
    """A rule has text, reason, trap and remedy in the language of the product, and how sure the kit is."""
    rules = {rule["id"]: rule for rule in log_of(sample.failing())["tool"]["driver"]["rules"]}
    rule = rules["STS-P06"]
    assert rule["shortDescription"]["text"] == (
        "A token is used for the organisation alone that it was issued for."
    )
    assert rule["fullDescription"]["text"].endswith("attributes one organisation's records to another.")
    assert "Why: A shared token attributes" in rule["help"]["text"]
    assert "To mend it: Give the channel factory one cache entry" in rule["help"]["text"]
    assert "**Look it up**: `evte explain STS-P06`" in rule["help"]["markdown"]
    assert rule["properties"]["tags"] == ["evte", "sts", "MUST", "security"]
    assert rule["properties"]["precision"] == "medium"


def test_nothing_is_taken_for_a_placeholder_or_a_link(sample):
    """Braces are doubled as the standard wants them, and no stranger's text becomes a link."""
    report = sample.failing()
    hostile = msgspec.structs.replace(
        report.run.results[0], status=Status.FAIL, message="[click](https://x.example) {0} {a}"
    )
    run = msgspec.structs.replace(report.run, results=(hostile,), planned=())
    log = log_of(msgspec.structs.replace(report, run=run))
    text = next(result for result in log["results"] if result["kind"] == "fail")["message"]["text"]
    assert text.splitlines()[0] == "[click] (https://x.example) {{0}} {{a}}"


def test_verbatim_answer_is_kept(sample):
    """The answer as it was, braces and all, stands among the properties."""
    (result,) = results_of(sample.failing(), "USI-VER-02[concludes_from_the_answer[birth-date]]")
    assert result["properties"]["yourImplementationAnswered"] == '{"conclusion":"verified"}'


def test_says_what_is_new(sample):
    """Against a baseline each result says whether it was missed there too; without one none does."""
    report = sample.failing()
    assert not any("baselineState" in result for result in log_of(report)["results"])
    change = Change(
        requirement="STS-R11",
        case="signs_with_sha256",
        kind=ChangeKind.NEWLY_FAILING,
        before=Status.PASS,
        after=Status.FAIL,
    )
    changes = Changes(baseline=comparison.stored(sample.ready()), changes=(change,))
    compared = msgspec.structs.replace(report, changes=changes)
    states = {result["ruleId"]: result["baselineState"] for result in log_of(compared)["results"]}
    assert states["STS-R11"] == "new"
    assert states["STS-P06"] == "unchanged"


def test_open_questions_and_waivers_are_told(sample):
    """What is a matter of paper rather than of code stands among the notifications of the configuration."""
    report = sample.ready()
    verdict = msgspec.structs.replace(
        report.verdict,
        waiver_errors=("waiver for KS-K12: stale",),
        waiver_notices=("waiver for KS-K15: expires today",),
        open_questions=("ATT-CLK-01",),
    )
    run = msgspec.structs.replace(report.run, remarks=(Remark(blame=Blame.ENVIRONMENT, text="slow disk"),))
    (invocation,) = log_of(msgspec.structs.replace(report, run=run, verdict=verdict))["invocations"]
    told = [(each["level"], each["message"]["text"]) for each in invocation["toolConfigurationNotifications"]]
    assert told == [
        ("error", "waiver for KS-K12: stale"),
        ("warning", "waiver for KS-K15: expires today"),
        ("warning", "open attestation ATT-CLK-01"),
    ]
    assert invocation["toolExecutionNotifications"][-1] == {"level": "note", "message": {"text": "slow disk"}}
