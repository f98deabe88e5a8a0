"""What a request to the registry must be besides well signed: valid, and by the rules that no schema holds.

The judge notes every rule that it could examine, and all findings.  Which of them make the registry refuse is
the registry's business; a suite may ask for more than the registry does.

`judging` is the way in: the schema, and one walk through the message with the table of operations.  `texts`
has the rules of a single text, `records` those of bulk messages, `people` those of names, `applications`
those of applications and updates, `documents` those of identity documents.  `rules` lists the codes.
"""

from conformance.protocol.request_rules.applications import CONTACT_MEANS, MODIFIED, NEEDS_DOCUMENT
from conformance.protocol.request_rules.documents import CARD_NUMBER_STATES, DATE_PRINTED_STATES
from conformance.protocol.request_rules.judging import RequestFacts, judge_application, judge_request
from conformance.protocol.request_rules.noting import Limits
from conformance.protocol.request_rules.rules import RECORD_RULES, RULES

__all__ = [
    "CARD_NUMBER_STATES",
    "CONTACT_MEANS",
    "DATE_PRINTED_STATES",
    "MODIFIED",
    "NEEDS_DOCUMENT",
    "RECORD_RULES",
    "RULES",
    "Limits",
    "RequestFacts",
    "judge_application",
    "judge_request",
]
