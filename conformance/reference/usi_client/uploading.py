"""BulkUpload and BulkUploadRetrieve: many applications, processed later, and their results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from conformance.protocol.operations import OPERATIONS
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.applying import Applying
from conformance.reference.usi_client.calls import Call, Concluded, Record
from conformance.reference.usi_client.elements import invalid
from conformance.reference.usi_client.exchange import REASON_OF_CODE
from conformance.reference.usi_client.state import Batch, State
from conformance.reference.usi_client.verifying import FLAGGED

RECEIPT_LENGTH: Final = 36
GIVEN_UP: Final = timedelta(days=14)
"""Age from which a refusal to tell results is no longer taken for results that are not there yet."""


@dataclass(frozen=True)
class Fetched:
    """What was answered of one batch."""

    batch: Batch | None
    """As it is remembered; None for a receipt that this product does not know."""
    response: dict[str, Any] | None
    """None while the results are not there."""


class Uploading(Applying):
    """Uploads applications and fetches their results."""

    # --- uploading ----------------------------------------------------------------------------------

    def upload(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Upload applications, in as many messages as they need.

        Every batch is remembered before anything is sent, and each receipt before anything else is done.
        When an answer is lost, so is the receipt, and the same applications in another message might be
        processed twice: none is sent, and the persons are left to be looked at one by one.
        """
        applications = self.prepare(call)["Applications"]["Application"]
        opened = order()
        state = self.state(call)
        messages = self.upload_messages(applications)
        name = self.request_id()
        batches = [self.batch(opened, call, message, name) for message in messages]
        state.add(*batches)
        receipts: list[str] = []
        try:
            for message, batch in zip(messages, batches, strict=True):
                try:
                    receipt = self.receipt(self.carry_out(opened, call, message))
                    receipts.append(receipt)
                    self.keep_receipt(state, batch, request_id=message["RequestId"], receipt=receipt)
                except Refusal as refusal:
                    if not receipts and not self.outcome_unknown(refusal):
                        # The registry has taken nothing: there is nothing to remember.
                        for each in batches:
                            state.change(each, done=True)
                        raise
                    return self.lost({**message, "ReceiptNumber": receipts}, refusal)
        finally:
            for application in applications:
                self.purge(application)
        return Concluded({"ReceiptNumber": receipts[0] if len(receipts) == 1 else receipts}, "pending")

    def prepare_upload(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return all applications, each with its ApplicationId."""
        given = self.records(request, "Applications", "Application")
        stem = self.application_stem()
        return {
            "Applications": {
                "Application": [
                    self.prepare_application(application, stem, place)
                    for place, application in enumerate(given)
                ]
            }
        }

    def upload_messages(self, applications: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the messages for all applications: their number is announced, and is 500 at most."""
        return [
            {
                "RequestId": self.request_id(),
                "NoOfApplications": len(part),
                "Applications": {"Application": part},
            }
            for part in self.parts(applications)
        ]

    def receipt(self, response: Mapping[str, Any]) -> str:
        """Return the receipt of an answer.

        Raises:
            Refusal: `service.malformed_answer`: nothing can be fetched with it.
        """
        receipt = response.get("ReceiptNumber")
        if not isinstance(receipt, str) or len(receipt.strip()) != RECEIPT_LENGTH:
            raise Refusal("service.malformed_answer", text="The answer has no receipt of 36 characters.")
        return receipt.strip()

    # --- remembering --------------------------------------------------------------------------------

    def state(self, call: Call) -> State:
        """Return what is remembered between conversations."""
        states: dict[Path | None, State] = self.__dict__.setdefault("_states", {})
        if call.state_file not in states:
            states[call.state_file] = State(call.state_file, clock=self.clock, random=self.random)
        return states[call.state_file]

    def batch(self, order: Order, call: Call, message: Mapping[str, Any], upload: str) -> Batch:
        """Return what is remembered of a message that is about to be sent."""
        return Batch(
            upload=upload,
            usi_address=call.usi_address,
            org_code=call.org_code,
            abn=self.identity(order),
            request_id=message["RequestId"],
            applications=tuple(
                application["ApplicationId"] for application in message["Applications"]["Application"]
            ),
            taken=self.clock().isoformat(),
        )

    def identity(self, order: Order) -> str:
        """Return the ABN that a token is for."""
        return order.credential.abn if order.act_as is None else order.act_as.second_party

    def keep_receipt(self, state: State, batch: Batch, *, request_id: str, receipt: str) -> None:
        """Remember the receipt of a batch."""
        state.change(batch, request_id=request_id, receipt=receipt)

    # --- fetching -----------------------------------------------------------------------------------

    def retrieve(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Fetch the results of one upload: of a receipt's, or of the newest that is outstanding."""
        request = self.prepare(call)
        opened = order()
        state = self.state(call)
        found: list[Fetched] = []
        for receipt, batch in self.wanted(state, opened, call, request):
            response = self.poll(opened, call, receipt, batch) if receipt else {}
            if response is None:
                return Concluded({"ReceiptNumber": receipt}, "pending")
            found.append(Fetched(batch, response))
        concluded = self.conclude_upload(found)
        if concluded.conclusion == "completed":
            for fetched in found:
                if fetched.batch is not None and not fetched.batch.done:
                    state.change(fetched.batch, done=True)
        return concluded

    def prepare_retrieval(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the receipt to ask with; nothing where whatever is outstanding is meant."""
        given = {name: value for name, value in request.items() if value not in (None, "")}
        return self.fill(OPERATIONS["BulkUploadRetrieve"].request, given, "The question") if given else {}

    def wanted(
        self, state: State, order: Order, call: Call, request: Mapping[str, Any]
    ) -> list[tuple[str, Batch | None]]:
        """Return the receipts to ask with, and what is remembered of each.

        The registry is not told whose a receipt is.  So one is only ever used by the organisation that was
        given it.  A batch without a receipt is there for its applications' sake: they stay unclear.

        Raises:
            Refusal: `request.invalid`: nothing is outstanding, or it is another organisation's.
        """
        known = state.batches()
        mine = [b for b in known if b.belongs(call.usi_address, call.org_code, self.identity(order))]
        receipt = request.get("ReceiptNumber", "")
        if receipt:
            chosen = next((b for b in known if b.receipt == receipt), None)
            if chosen is None:
                return [(receipt, None)]
            if chosen not in mine:
                raise invalid("This receipt belongs to another organisation, or to another service.")
        else:
            outstanding = [b for b in mine if b.receipt and not b.done]
            if not outstanding:
                raise invalid("No upload of this organisation is outstanding.")
            chosen = outstanding[-1]
        return [(b.receipt, b) for b in mine if b.upload == chosen.upload]

    def poll(self, order: Order, call: Call, receipt: str, batch: Batch | None) -> dict[str, Any] | None:
        """Ask for the results of one batch, a few times with growing pauses; None: they are not there yet."""
        for pause in (*self.pauses, None):
            try:
                response = self.carry_out(order, call, {"ReceiptNumber": receipt})
                if not self.still_processing(response):
                    return response
            except Refusal as refusal:
                if not self.means_pending(refusal, batch):
                    raise
            if pause is not None:
                self.sleep(pause)
        return None

    def still_processing(self, response: Mapping[str, Any]) -> bool:
        """Tell whether an answer holds no results at all."""
        return not self.listed(response, "Applications", "Application")

    def means_pending(self, refusal: Refusal, batch: Batch | None) -> bool:
        """Tell whether a fault can mean that the results are not there yet.

        The schema has no other answer for that, and the fault's code is not public.  So any code does which
        is not known to mean something else, for a receipt that the registry gave not long ago.
        """
        known = set(REASON_OF_CODE) - {"1002"}
        return (
            batch is not None
            and self.clock() - datetime.fromisoformat(batch.taken) < GIVEN_UP
            and refusal.code.isdigit()
            and refusal.code not in known
        )

    # --- understanding ------------------------------------------------------------------------------

    def conclude_upload(self, found: Sequence[Fetched]) -> Concluded:
        """Return what an upload comes to, record by record, in the order in which it was handed over."""
        records: list[Record] = []
        fits = True
        for fetched in found:
            response = fetched.response or {}
            answers = self.listed(response, "Applications", "Application")
            if fetched.batch is None:
                records += [Record(self.conclude_application(answer), answer) for answer in answers]
                continue
            mine = not response or self.same_request(fetched.batch, response)
            fits = fits and mine
            records += self.conclude_applications(list(fetched.batch.applications), answers if mine else [])
        return Concluded(self.whole(found), "completed" if fits else FLAGGED, records)

    def same_request(self, batch: Batch, response: Mapping[str, Any]) -> bool:
        """Tell whether an answer names the RequestId of the upload."""
        return response.get("RequestId") == batch.request_id

    def whole(self, found: Sequence[Fetched]) -> dict[str, Any]:
        """Return the answers to all messages of an upload as one."""
        responses = [fetched.response for fetched in found if fetched.response]
        if len(responses) == 1:
            return responses[0]
        counts = {
            name: sum(number for r in responses if isinstance(number := r.get(name), int))
            for name in ("NoOfApplications", "NoOfApplicationsFailed")
        }
        applications = [a for r in responses for a in self.listed(r, "Applications", "Application")]
        return {
            "RequestId": [r.get("RequestId") for r in responses],
            **counts,
            "Applications": {"Application": applications},
        }
