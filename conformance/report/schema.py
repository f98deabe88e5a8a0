"""The JSON Schema of `report.json`, generated from the records.

`python -m conformance.report.schema reports/schema/report-1.json` writes the committed copy, which a
test compares.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from conformance import model


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `report.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"EVTE conformance report, {model.REPORT_SCHEMA}",
        **msgspec.json.schema(model.Report),
    }


def schema_text() -> str:
    """Return the schema as the committed file holds it: sorted, indented, ended by a line feed."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8", newline="\n")
