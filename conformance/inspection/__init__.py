"""Judging captured messages offline: `evte inspect`.

A capture is a request or an answer of either hop: the XML alone, the XML behind its HTTP headers, or a
transcript that the kit wrote.  It is recognised, judged by the judges that the simulators use, and told:
every finding with its place and cause, and the canonical bytes around the first difference.  Nothing is
decrypted, no address is called, and no secret is repeated.
"""

from conformance.inspection.judging import inspect
from conformance.inspection.reading import Capture, NotAMessage, captures, certificates_in, content, key_of
from conformance.inspection.records import Compared, Inspected, Inspection
from conformance.inspection.telling import tell

__all__ = [
    "Capture",
    "Compared",
    "Inspected",
    "Inspection",
    "NotAMessage",
    "captures",
    "certificates_in",
    "content",
    "inspect",
    "key_of",
    "tell",
]
