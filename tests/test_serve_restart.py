"""`evte serve --database` killed during a BulkUpload and started again: nothing that was answered is lost."""

import contextlib
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from conformance.adapters.product_form import example_request
from conformance.protocol.operations import OPERATIONS
from conformance.reference.correct import Correct
from conformance.reference.usi_client import UsiClient

ALIAS = "ABRD:27809366375_EVTEKitMachine"
AT_3PT = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"


def product(request_id=None):
    """Return the reference implementation, which may be made to use a certain RequestId."""

    class Registry(UsiClient):
        def request_id(self):
            return request_id or super().request_id()

    class Product(Correct):
        pass

    Product.Registry = Registry
    return Product()


def person(number):
    """Return the form of the application of one of many made-up people, in letters only."""
    application = example_request(OPERATIONS["CreateUSI"])["Application"]
    letters = "".join("abcdefghij"[int(digit)] for digit in str(number))
    application["PersonalDetails"] |= {"FirstName": f"Tessa{letters}", "FamilyName": "Example"}
    return application


def verification(application, usi):
    """Return the VerifyUSI of a person who applied."""
    details = application["PersonalDetails"]
    return {"USI": usi, **{name: details[name] for name in ("FirstName", "FamilyName", "DateOfBirth")}}


def batch(*numbers):
    """Return a BulkUpload of these people."""
    return {"Applications": {"Application": [person(number) for number in numbers]}}


class Life:
    """One process of `evte serve`, from its start until it is killed.

    A product keeps its receipts with the address that they are from, so that later lives have the port of
    the first.
    """

    def __init__(self, folder, *options, port="0"):
        self.folder = folder
        command = [sys.executable, "-m", "conformance", "serve", "--port", port]
        command += ["--ca-file", str(folder / "ca.pem"), "--write-keystore", str(folder / "store")]
        command += ["--database", str(folder / "state.db"), *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        self.told = []

    def __enter__(self):
        self.read_until("Stop with")
        told = "".join(self.told)
        self.sts = re.search(r"token service +(https://\S+)", told)[1]
        self.usi = re.search(r"registry +(https://\S+)", told)[1]
        self.port = re.search(r":(\d+)/", self.usi)[1]
        return self

    def __exit__(self, *error):
        self.kill()
        self.process.stdout.close()

    def read_until(self, text):
        """Read what the process says up to a line with a text; fail when it ends before."""
        for line in self.process.stdout:
            self.told.append(line)
            if text in line:
                return
        raise AssertionError(f"the process ended without {text!r}: {''.join(self.told)}")

    def kill(self):
        """End it as a power failure would: it can do nothing any more."""
        self.process.kill()
        self.process.wait(timeout=30)

    def call(self, operation, request, request_id=None):
        """Have the reference implementation carry out an operation."""
        return product(request_id).handle(
            "usi.call",
            {
                "sts_address": self.sts,
                "usi_address": self.usi,
                "ca_file": str(self.folder / "ca.pem"),
                "keystore": str(self.folder / "store" / "keystore.xml"),
                "alias": ALIAS,
                "password": "Password1!",
                "applies_to": AT_3PT,
                "org_code": "VA1803",
                "operation": operation,
                "request": request,
            },
        )

    @contextlib.contextmanager
    def calling(self, operation, request, request_id=None):
        """Carry out an operation in another thread, and wait at the end of the block for how it went."""
        went = []
        thread = threading.Thread(target=lambda: went.append(self.call(operation, request, request_id)))
        thread.start()
        try:
            yield went
        finally:
            self.kill()  # whoever waits for its answer waits no longer
            thread.join(timeout=60)


@dataclass
class Story:
    """What was answered before the registry was killed, and the life in which it is asked again."""

    created: str
    receipt: str
    lost: dict
    life: Life


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A creation and an upload; killed; an upload that is taken and never answered; killed; a third life."""
    folder = tmp_path_factory.mktemp("lives")
    with Life(folder) as life:
        created = life.call("CreateUSI", {"Application": person(1)}, "KEPT-1")["value"]["response"]
        taken = life.call("BulkUpload", batch(2, 3, 1), "KEPT-2")["value"]["response"]
    with (
        Life(folder, "--fault", "registry.never", port=life.port) as life,
        life.calling("BulkUpload", batch(4, 5), "KEPT-3") as went,
    ):
        life.read_until("no answer, in place of")
    with Life(folder, port=life.port) as life:
        yield Story(created["Application"]["USI"], taken["ReceiptNumber"], went[0], life)


def test_a_created_person_is_still_known(story):
    """The USI that was answered before the end is that of the person after it."""
    result = story.life.call("VerifyUSI", verification(person(1), story.created))
    assert result["value"]["conclusion"] == "verified"


def test_a_receipt_is_still_answered(story):
    """To the product, which has kept it too: results in order, of people who are known since the upload."""
    value = story.life.call("BulkUploadRetrieve", {"ReceiptNumber": story.receipt})["value"]
    assert value["conclusion"] == "completed"
    assert [record["conclusion"] for record in value["records"]] == ["created", "created", "existing"]
    answered = value["response"]["Applications"]["Application"]
    assert [each["Result"] for each in answered] == ["Success", "Success", "MatchFound"]
    assert answered[2]["USI"] == story.created
    for number, each in zip((2, 3), answered, strict=False):
        result = story.life.call("VerifyUSI", verification(person(number), each["USI"]))
        assert result["value"]["conclusion"] == "verified"


@pytest.mark.parametrize(
    ("operation", "request_", "request_id"),
    [
        ("CreateUSI", {"Application": person(6)}, "KEPT-1"),
        ("BulkUpload", batch(6), "KEPT-1"),
        ("BulkUpload", batch(6), "KEPT-2"),
        ("CreateUSI", {"Application": person(6)}, "KEPT-3"),
    ],
)
def test_a_request_id_is_still_refused(story, operation, request_, request_id):
    """Whatever it is used for now; also that of the upload whose answer got lost."""
    result = story.life.call(operation, request_, request_id)
    assert (result["status"], result["reason"]) == ("rejected", "service.validation")
    assert "RequestId" in result["native"]["text"]


def test_an_upload_whose_answer_got_lost_is_done(story):
    """The product knows only that there was no answer; who asks with a new RequestId finds the people."""
    assert story.lost["value"]["conclusion"] == "unclear"
    result = story.life.call("CreateUSI", {"Application": person(4)})
    assert result["value"]["conclusion"] == "existing"


def test_new_identifiers_do_not_repeat_those_of_an_earlier_life(story):
    """The same seed gives the same bytes in each life; what was given out already is given to nobody else."""
    answers = [
        story.life.call("CreateUSI", {"Application": person(number)})["value"] for number in range(70, 75)
    ]
    assert [answer["conclusion"] for answer in answers] == ["created"] * 5
    usis = {answer["response"]["Application"]["USI"] for answer in answers}
    assert len(usis - {story.created}) == 5
    receipts = {
        story.life.call("BulkUpload", batch(80 + number))["value"]["response"]["ReceiptNumber"]
        for number in range(3)
    }
    assert len(receipts - {story.receipt}) == 3


def test_a_batch_is_there_whole_or_not_at_all(tmp_path):
    """Killed while 500 applications are being written down: people, batch and RequestId go together."""
    log = tmp_path / "state.db-wal"
    with Life(tmp_path) as life:
        before = log.stat().st_size
        with life.calling("BulkUpload", batch(*range(1000, 1500)), "KILLED-1") as went:
            # The log grows as soon as something is written down; a longer wait would miss that.
            while not went and log.stat().st_size == before:
                time.sleep(0.0005)
            life.kill()
    with Life(tmp_path) as life:
        again = life.call("BulkUpload", batch(1), "KILLED-1")
    with closing(sqlite3.connect(tmp_path / "state.db")) as database:
        people = database.execute("SELECT count(*) FROM people WHERE family = 'Example'").fetchone()[0]
        batches = database.execute("SELECT count(*) FROM batches").fetchone()[0]
    whole = again["status"] == "rejected"
    assert (people, batches) == ((500, 1) if whole else (1, 1))
