"""What is wrong with a dataset: everything that is found, and a repaired copy."""

from wutdet.dataset.audit.findings import KINDS, Finding, Kind
from wutdet.dataset.audit.result import Audit, Repair
from wutdet.dataset.audit.run import audit

__all__ = ["KINDS", "Audit", "Finding", "Kind", "Repair", "audit"]
