"""Heartbeats: whether the process of a rank is alive, asked from process to process over UDP.

A process that computes for long still answers, from a thread; one that was stopped, or whose host is gone,
does not. So a rank that waits can tell the one from the other.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_ASK, _ANSWER = b"?", b"!"


class Heartbeat:
    """The heartbeat of this process, and what it knows of the others'.

    Attributes:
        address: where it is asked: "host:port".
        others: the addresses of all ranks; set once all are known.
    """

    def __init__(self, rank: int) -> None:
        self._rank = rank
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self.address = f"{_own_host()}:{self._socket.getsockname()[1]}"
        self.others: list[str] = []
        self._heard: dict[tuple[str, int], float] = {}
        self._asked_since: float | None = None
        self._last_asked = 0.0
        self._thread = threading.Thread(target=self._answer, name="bigworlds-heartbeat", daemon=True)
        self._thread.start()

    def silent(self, deadline: float) -> list[int]:
        """Asks all others; returns those that have been asked for at least `deadline` seconds without an
        answer in that time."""
        now = time.monotonic()
        if self._asked_since is None or now - self._last_asked > deadline:
            self._asked_since = now  # nobody was asked for long: nothing is known
        self._last_asked = now
        for address in self._addresses().values():
            with contextlib.suppress(OSError):
                self._socket.sendto(_ASK, address)
        if now - self._asked_since < deadline:
            return []
        return [
            rank
            for rank, address in self._addresses().items()
            if now - self._heard.get(address, -deadline) >= deadline
        ]

    def stop(self) -> None:
        """Closes the socket; the thread ends."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _addresses(self) -> dict[int, tuple[str, int]]:
        split = {rank: text.rsplit(":", 1) for rank, text in enumerate(self.others) if rank != self._rank}
        return {rank: (host, int(port)) for rank, (host, port) in split.items()}

    def _answer(self) -> None:
        while True:
            try:
                message, source = self._socket.recvfrom(16)
                if message == _ASK:
                    self._socket.sendto(_ANSWER, source)
                elif message == _ANSWER:
                    self._heard[source] = time.monotonic()
            except ConnectionError:
                continue  # who was asked is gone; that shows by its silence
            except OSError:
                return


def _own_host() -> str:
    """The address under which other hosts reach this one; without a network, that of the loopback."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the kernel chooses the interface
            host: str = probe.getsockname()[0]
            return host
    except OSError:
        return "127.0.0.1"
