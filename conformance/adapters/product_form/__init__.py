"""The operations as a product meets them: what the kit hands over, what it reads back, and how both look.

Everything comes from the table of `conformance.protocol.operations`: the forms, the JSON Schema of each
(`schemas/operations/`), the examples and skeletons of vectors, and the page that documents them.
"""

from conformance.adapters.product_form.examples import (
    example_answer,
    example_request,
    skeleton,
    whole_request,
)
from conformance.adapters.product_form.forms import (
    ALWAYS_POSSIBLE,
    CONCLUSIONS_OF,
    MADE_BY_PRODUCT,
    MAY_BE_LEFT_OUT,
    RECORDS_OF,
    Records,
    made_by_product,
    request_form,
)
from conformance.adapters.product_form.page import page
from conformance.adapters.product_form.schemas import answer_schema, request_schema, schemas, write

__all__ = [
    "ALWAYS_POSSIBLE",
    "CONCLUSIONS_OF",
    "MADE_BY_PRODUCT",
    "MAY_BE_LEFT_OUT",
    "RECORDS_OF",
    "Records",
    "answer_schema",
    "example_answer",
    "example_request",
    "made_by_product",
    "page",
    "request_form",
    "request_schema",
    "schemas",
    "skeleton",
    "whole_request",
    "write",
]
