"""Whatever is changed in a written report is found, and the file is named."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from conformance import __version__, catalogue
from conformance import report as reports
from conformance.errors import OperatorError
from conformance.model import Status, Waiver
from conformance.report import manifest, signing, verification
from conformance.report.signing import Signer
from conformance.report.verification import verify
from conformance.simulators.authority import Authority
from conformance.verdict import decide

FINISHED = datetime(2026, 11, 21, 10, 43, tzinfo=UTC)
AUTHORITY = Authority(FINISHED, 0)
CREDENTIAL = AUTHORITY.machine_credential(abn="27809366375", name="Signing", key="machine-1")
SIGNER = Signer(CREDENTIAL.key, CREDENTIAL.certificate, tuple(CREDENTIAL.chain[1:]), "the credential Signing")
OTHER = AUTHORITY.machine_credential(abn="27809366375", name="Other", key="machine-3")


def decided(report, **changes):
    """A report as the kit would have made it: of this version, with the verdict that its results come to."""
    run = msgspec.structs.replace(report.run, kit_version=__version__, **changes)
    security = frozenset(each.id for each in report.requirements if each.security)
    today = datetime.fromisoformat(run.finished).date()
    verdict = decide(run, security=security, today=today)
    return msgspec.structs.replace(
        report, run=run, verdict=verdict, kill_score=verification.kill_score.read()
    )


@pytest.fixture(scope="module")
def report(sample):
    """A report with failures and transcripts."""
    return decided(sample.failing())


@pytest.fixture(scope="module")
def written(report, tmp_path_factory):
    """The report in its directory, signed."""
    out = tmp_path_factory.mktemp("written")
    reports.write(report, out, signer=SIGNER)
    return out


@pytest.fixture
def out(written, tmp_path):
    """A copy of the directory, to be damaged."""
    return shutil.copytree(written, tmp_path / "out")


def look(out, **asked):
    return verify(out, **{"at": FINISHED + timedelta(days=1), **asked})


def named(found):
    return {difference.file for difference in found.differences}


def told(found, file):
    return " / ".join(difference.sentence for difference in found.differences if difference.file == file)


def again(out, report, signer=None):
    """Write manifest and signature anew, as somebody does who changed something."""
    listed = manifest.encode(manifest.make(report, out, signer))
    (out / "manifest.json").write_bytes(listed)
    (out / "manifest.sig.xml").unlink(missing_ok=True)
    if signer is not None:
        (out / "manifest.sig.xml").write_bytes(signing.sign(listed, signer))


def test_a_report_is_as_it_was_written(written, report):
    """Every form is drawn again, the signature holds, and nothing differs."""
    found = look(written, anchors=[AUTHORITY.root])
    assert found.differences == ()
    assert found.holds
    assert found.trusted
    assert found.drawn == len(reports.forms(report))
    assert found.signed.certificate == CREDENTIAL.certificate


def test_one_changed_byte_in_any_file_is_found_and_named(written, tmp_path):
    """First, middle and last byte of every file there is."""
    files = sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert len(files) > 10
    for file in files:
        content = (written / file).read_bytes()
        for place in sorted({0, len(content) // 2, len(content) - 1}):
            out = tmp_path / "out"
            shutil.copytree(written, out)
            changed = bytearray(content)
            changed[place] ^= 1
            (out / file).write_bytes(changed)
            found = look(out)
            assert not found.holds, (file, place)
            assert file.as_posix() in named(found), (file, place)
            shutil.rmtree(out)


def test_every_byte_of_an_unsigned_manifest_counts(report, tmp_path):
    """Blanks, digests, sizes, names, the verdict: nobody signed, and still it is found and named."""
    reports.write(report, tmp_path)
    content = (tmp_path / "manifest.json").read_bytes()
    places = [*range(0, 1500, 29), *range(1500, len(content), 97)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1
        (tmp_path / "manifest.json").write_bytes(changed)
        assert "manifest.json" in named(look(tmp_path)), place


@pytest.mark.parametrize("with_manifest", [False, True], ids=["as it is", "with a new manifest"])
def test_a_result_that_was_removed_is_missed(out, report, with_manifest):
    """The raw results decide, and report.json has one more."""
    lines = (out / "results.ndjson").read_bytes().splitlines(keepends=True)
    (out / "results.ndjson").write_bytes(b"".join(lines[1:]))
    if with_manifest:
        again(out, report)
    found = look(out)
    gone = report.run.results[0]
    assert f"lacks results that report.json has: {gone.requirement}" in told(found, "results.ndjson")
    assert "states another verdict than the raw results come to" in told(found, "report.json")


def test_a_result_that_was_turned_is_found(out, report):
    """A failure that passes all of a sudden, with a manifest that fits."""
    results = [msgspec.json.decode(line) for line in (out / "results.ndjson").read_bytes().splitlines()]
    failed = next(each for each in results if each["status"] == "fail")
    failed["status"] = "pass"
    (out / "results.ndjson").write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in results))
    again(out, report)
    found = look(out)
    assert "has other results than report.json" in told(found, "results.ndjson")
    assert failed["requirement"] in told(found, "results.ndjson")


def test_a_verdict_that_was_edited_is_found(out, report):
    """Even with a new manifest and all forms drawn anew: the results come to another one."""
    better = msgspec.structs.replace(
        report.verdict, readiness="READY", sentence="All requirements hold.", blocking=()
    )
    reports.write(msgspec.structs.replace(report, verdict=better), out)
    found = look(out)
    sentence = told(found, "report.json")
    assert (
        "states another verdict than the raw results come to: readiness READY instead of NOT READY"
        in sentence
    )
    assert named(found) == {"report.json"}


def test_two_transcripts_that_were_swapped_are_found(out, report):
    """Both are named, whether or not the manifest was made anew."""
    one, two = sorted((out / "evidence").iterdir())[:2]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    again(out, report)
    assert named(look(out)) == {f"evidence/{one.name}", f"evidence/{two.name}"}


def test_a_page_that_was_edited_is_found_in_spite_of_a_new_manifest(out, report):
    """The line is told."""
    page = out / "report.html"
    page.write_bytes(page.read_bytes().replace(b"NOT READY", b"READY", 1))
    again(out, report)
    found = look(out)
    assert named(found) == {"report.html"}
    assert "is not what the kit draws from report.json: line" in told(found, "report.html")


def test_a_file_that_was_added_is_named(out):
    """Nothing slips into a directory that was signed for."""
    (out / "more.txt").write_bytes(b"x")
    assert told(look(out), "more.txt") == "is not named in manifest.json: it was put there afterwards"


def test_a_transcript_that_nobody_made_is_named(out, report):
    """A manifest that lists it does not make it one of this report."""
    (out / "evidence" / "more.json").write_bytes(b"{}")
    again(out, report)
    assert named(look(out)) == {"evidence/more.json"}


def test_a_file_of_somebody_else_is_only_told(out, report):
    """What stood there before the report belongs to the directory, and nobody can draw it again."""
    (out / "harness.log").write_bytes(b"started")
    again(out, report)
    found = look(out)
    assert found.holds
    assert any("harness.log" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    "file", ["report.html", "report.json", "results.ndjson", "manifest.json", "manifest.sig.xml", "junit.xml"]
)
def test_a_file_that_was_removed_is_named(out, file):
    """The signature too: the manifest says that there is one."""
    (out / file).unlink()
    assert "missing" in told(look(out), file)


@pytest.mark.parametrize("file", ["report.json", "results.ndjson", "manifest.json", "manifest.sig.xml"])
@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a": 1}\n', b"<a/>"],
    ids=["empty", "list", "object", "no text", "deep", "other", "xml"],
)
def test_rubbish_is_a_difference_and_no_traceback(out, file, content):
    """Whatever stands in a file, the outcome is a sentence about it."""
    (out / file).write_bytes(content)
    found = look(out)
    assert file in named(found)


def test_a_directory_in_the_place_of_a_file_is_named(out):
    """It can be read no more than a missing file."""
    (out / "report.json").unlink()
    (out / "report.json").mkdir()
    assert "report.json" in named(look(out))


def test_a_profile_with_fewer_requirements_is_found(sample, tmp_path):
    """A profile with one requirement less makes a verdict that fits; the catalogue has it still."""
    smoke = catalogue.profile("smoke")
    report = sample.failing()
    known = catalogue.requirements()
    named_ones = dict.fromkeys((*smoke.requirements, *(each.requirement for each in report.run.results)))
    report = msgspec.structs.replace(
        report, requirements=tuple(known[name] for name in named_ones if name in known), questions=()
    )
    results = tuple(each for each in report.run.results if each.requirement in known)
    fewer = msgspec.structs.replace(smoke, requirements=smoke.requirements[1:])
    changes = {"catalogue_digest": catalogue.digest(), "results": results, "planned": ()}
    reports.write(decided(report, profile=smoke, **changes), tmp_path / "right")
    assert look(tmp_path / "right").differences == ()
    reports.write(decided(report, profile=fewer, **changes), tmp_path / "wrong")
    assert told(look(tmp_path / "wrong"), "report.json") == "has another profile smoke than the catalogue"


def test_a_requirement_that_was_softened_is_found(sample, tmp_path):
    """A MUST is a MUST in the catalogue."""
    known = catalogue.requirements()
    smoke = catalogue.profile("smoke")
    softened = tuple(
        msgspec.structs.replace(known[name], text="Anything goes.") if not place else known[name]
        for place, name in enumerate(smoke.requirements)
    )
    report = msgspec.structs.replace(sample.failing(), requirements=softened, questions=())
    changes = {"catalogue_digest": catalogue.digest(), "results": (), "planned": (), "profile": smoke}
    reports.write(decided(report, **changes), tmp_path)
    assert f"has another requirement {smoke.requirements[0]} than" in told(look(tmp_path), "report.json")


def test_an_unsigned_report_says_so(report, tmp_path):
    """It is as it was written, for all that anybody can tell."""
    reports.write(report, tmp_path)
    found = look(tmp_path)
    assert found.holds
    assert found.signed is None
    assert any("Nobody signed it" in remark for remark in found.remarks)


def test_whoever_asks_for_trust_needs_a_signature(report, tmp_path):
    """Without one nobody can be trusted."""
    reports.write(report, tmp_path)
    assert "nobody signed" in told(look(tmp_path, anchors=[AUTHORITY.root]), "manifest.sig.xml")


def test_another_signer_is_not_trusted(out, report):
    """The directory was signed anew, by somebody whom the given certificate does not vouch for."""
    again(out, report, Signer(OTHER.key, OTHER.certificate, tuple(OTHER.chain[1:]), "another"))
    assert look(out).holds
    found = look(out, anchors=[CREDENTIAL.certificate])
    assert "vouch for" in told(found, "manifest.sig.xml")
    assert not found.trusted


def test_a_signature_of_another_report_does_not_hold(out, sample, tmp_path):
    """It belongs to one manifest."""
    reports.write(decided(sample.ready()), tmp_path / "other", signer=SIGNER)
    shutil.copy(tmp_path / "other" / "manifest.sig.xml", out)
    assert "made for another manifest.json" in told(look(out), "manifest.sig.xml")


def test_a_signature_that_the_manifest_does_not_announce_is_found(report, tmp_path):
    """A manifest without a signer, with a signature beside it that fits its bytes."""
    reports.write(report, tmp_path)
    listed = (tmp_path / "manifest.json").read_bytes()
    (tmp_path / "manifest.sig.xml").write_bytes(signing.sign(listed, SIGNER))
    assert "another certificate than" in told(look(tmp_path), "manifest.sig.xml")


def test_a_certificate_that_had_ended_is_found(out, report):
    """The end of the run is the moment that counts, not the day on which somebody looks."""
    late = Authority(FINISHED + timedelta(days=900), 0)
    credential = late.machine_credential(abn="27809366375", name="Late", key="machine-1")
    again(out, report, Signer(credential.key, credential.certificate, tuple(credential.chain[1:]), "late"))
    assert "was not yet valid when the run ended" in told(look(out), "manifest.sig.xml")
    assert verify(out, at=FINISHED + timedelta(days=5000)).signed.problem == ""


def test_another_version_of_the_kit_draws_nothing(sample, tmp_path):
    """Verdict and digests are looked at all the same, and the remark names the version that drew it."""
    reports.write(sample.failing(), tmp_path)
    found = look(tmp_path)
    assert found.drawn == 0
    assert any("kit 1.0.0 wrote the report" in remark for remark in found.remarks)
    (tmp_path / "report.html").write_bytes(b"<html>")
    assert "report.html" in named(look(tmp_path))


def test_a_report_of_another_form_names_its_kit(out):
    """A field that this kit does not know may be of a later one."""
    content = json.loads((out / "report.json").read_bytes())
    content["run"]["kit_version"] = "9.1"
    content["later"] = True
    (out / "report.json").write_text(json.dumps(content), encoding="utf-8")
    assert "it was written by kit 9.1" in told(look(out), "report.json")


def test_a_folder_without_a_report_is_refused(tmp_path):
    """That is a wrong path and no difference."""
    with pytest.raises(OperatorError, match="no report to verify"):
        look(tmp_path)
    with pytest.raises(OperatorError, match="no report to verify"):
        look(tmp_path / "nowhere")


def test_links_are_no_part_of_a_report(out):
    """What they lead to can change."""
    page = out / "report.html"
    page.rename(out.parent / "elsewhere.html")
    try:
        page.symlink_to(out.parent / "elsewhere.html")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert "is a link or a device" in told(look(out), "report.html")


@pytest.fixture
def ready(sample):
    """A report that was READY on 21 November 2026."""
    return decided(sample.ready())


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 20), "had not taken place yet"),
        (date(2026, 11, 22), "Valid on 2026-11-22, and until"),
        (date(2027, 12, 1), "No longer valid on 2027-12-01"),
    ],
)
def test_validity_is_told_for_a_day(ready, day, said):
    """Before the run there was none, and after its end there is none any more."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert said in verification.validity(ready, at)


def test_a_verdict_without_readiness_has_no_validity(report):
    """NOT READY is never over."""
    assert "nothing to be valid" in verification.validity(report, FINISHED)


def test_a_waiver_that_has_ended_ends_the_validity(ready):
    """By the day after, the failure that it admitted blocks."""
    must = next(
        each
        for each in ready.run.results
        if each.level.value == "MUST" and each.requirement in ready.run.profile.requirements
    )
    failed = msgspec.structs.replace(
        must, status=Status.FAIL, subcode="wrong_value", blame="implementation", message="it is wrong"
    )
    waiver = Waiver(
        requirement=must.requirement,
        status=Status.FAIL,
        subcode="wrong_value",
        message_prefix="it is",
        owner="Ada",
        reason="known",
        issue="https://example.org/1",
        added="2026-11-01",
        expires="2026-12-01",
    )
    results = tuple(failed if each is must else each for each in ready.run.results)
    waived = decided(ready, results=results, waivers=(waiver,))
    assert waived.verdict.readiness == "READY WITH CONDITIONS"
    told_later = verification.validity(waived, datetime(2026, 12, 5, tzinfo=UTC))
    assert told_later.startswith("No longer valid on 2026-12-05: it was until 2026-12-01. ")
    assert "A waiver has ended, and by then the verdict is NOT READY" in told_later
