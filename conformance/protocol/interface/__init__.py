"""The kit's own WSDL and schema of the USI service, made from the table of operations.

The WSDL is what a client's generator reads: SOAP 1.2, document/literal, WS-Addressing actions, two declared
faults per operation, and the policy that makes a client send an issued token with an endorsing signature.
The schema also judges messages, with lxml.  Both are there for version 5 of the contract, which is served,
and for version 4.

What is odd in the published interface and visible to a client is kept: the fault details of version 5 in the
namespace of version 4, keys that select nothing, the fault parts of one operation with swapped names, and an
operation that declares another one's fault.
"""

from conformance.protocol.interface.schema import XSD, fault_schema, schema
from conformance.protocol.interface.validating import SchemaError, Validator, fault_validator, validator
from conformance.protocol.interface.wsdl import wsdl

__all__ = [
    "XSD",
    "SchemaError",
    "Validator",
    "fault_schema",
    "fault_validator",
    "schema",
    "validator",
    "wsdl",
]
