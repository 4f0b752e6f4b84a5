"""For all tests: where BIGWORLDS_NO_SKIP is set, as in .ci/run, a skipped test is a failed one."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("BIGWORLDS_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which BIGWORLDS_NO_SKIP forbids: {call.excinfo and call.excinfo.value}"
