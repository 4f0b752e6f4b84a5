"""For all tests: Ctrl-C arrives however they were started; BIGWORLDS_NO_SKIP makes a skip a failure."""

from __future__ import annotations

import os
import signal

import pytest

# A shell's background job ignores SIGINT, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("BIGWORLDS_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which BIGWORLDS_NO_SKIP forbids: {call.excinfo and call.excinfo.value}"
