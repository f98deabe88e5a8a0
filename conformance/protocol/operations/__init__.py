"""The operations of the USI service as one table, and their form in XML and in JSON.

Everything that the kit knows of the interface's shape comes from this table: its WSDL and schema
(`conformance.protocol.interface`), the JSON form of requests and answers in the contract with a harness,
the registry's routing, the strategies for messages, and the documentation.  The table follows the published
WSDL of contract version 5 in substance and not in expression, and knows where version 4 differed.

`shapes` has what a table is made of, `types` what operations share, `rules` what holds beyond the schema,
`table` the ten rows, and `forms` the JSON form.
"""

from conformance.protocol.operations.forms import (
    TYPE_KEY,
    FormError,
    answer_element,
    error_detail,
    read_answer,
    read_errors,
    read_request,
    read_values,
    request_element,
    structure_of,
    values_element,
)
from conformance.protocol.operations.rules import RULES
from conformance.protocol.operations.shapes import (
    EARLIER_NAMESPACES,
    V4,
    V5,
    Choice,
    Element,
    FaultCode,
    Key,
    Operation,
    Rule,
    Simple,
    Structure,
    Version,
)
from conformance.protocol.operations.summary import summary_of_answer, summary_of_request
from conformance.protocol.operations.table import OPERATIONS, operation_of
from conformance.protocol.operations.types import (
    ARRAY_OF_ERROR_INFO,
    ASKED_NAMES,
    DATE,
    ERROR_INFO,
    EXTENSIONS,
    FAULT_DETAILS,
    INT,
    MATCH_RESULT,
    MATCHED_NAMES,
    NAME,
    ORG_CODE,
    TEXT,
    USI,
    USI_STATUS,
)

__all__ = [
    "ARRAY_OF_ERROR_INFO",
    "ASKED_NAMES",
    "DATE",
    "EARLIER_NAMESPACES",
    "ERROR_INFO",
    "EXTENSIONS",
    "FAULT_DETAILS",
    "INT",
    "MATCHED_NAMES",
    "MATCH_RESULT",
    "NAME",
    "OPERATIONS",
    "ORG_CODE",
    "RULES",
    "TEXT",
    "TYPE_KEY",
    "USI",
    "USI_STATUS",
    "V4",
    "V5",
    "Choice",
    "Element",
    "FaultCode",
    "FormError",
    "Key",
    "Operation",
    "Rule",
    "Simple",
    "Structure",
    "Version",
    "answer_element",
    "error_detail",
    "operation_of",
    "read_answer",
    "read_errors",
    "read_request",
    "read_values",
    "request_element",
    "structure_of",
    "summary_of_answer",
    "summary_of_request",
    "values_element",
]
