"""Write reports/result.schema.json again from the record: python tools/report_schema.py"""

from __future__ import annotations

from harness import content
from harness.report import json

if __name__ == "__main__":
    content.report_file("result.schema.json").write_bytes(json.schema())
