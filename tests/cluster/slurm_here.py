"""A whole Slurm on this machine: munge, a controller, and a daemon for each of some pretended nodes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "scontrol")
SECONDS_TO_START = 30.0

CONF = """
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0
MpiDefault=none
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdSpoolDir={folder}/spool-%n
TmpFS={folder}/tmp/%n
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=2
PartitionName=all Nodes=n[1-{nodes}] Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """The programs that are not here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


@contextmanager
def slurm_here(folder: Path, nodes: int) -> Iterator[dict[str, str]]:
    """Starts it; gives the variables by which its programs find it. All of it is ended at the end."""
    host = socket.gethostname().split(".")[0]
    port, first = _free_ports(nodes + 1)
    for name in ("state", *(f"spool-n{number}" for number in range(1, nodes + 1))):
        (folder / name).mkdir()
    for number in range(1, nodes + 1):
        (folder / "tmp" / f"n{number}").mkdir(parents=True)
    conf = folder / "slurm.conf"
    conf.write_text(
        CONF.format(folder=folder, host=host, port=port, nodes=nodes, first=first, last=first + nodes - 1)
    )
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    environment = os.environ | {"SLURM_CONF": str(conf), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    with ExitStack() as stack:

        def start(*command: str) -> None:
            with open(folder / "daemons.log", "ab") as log:
                process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(_end, process)

        start(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
            f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munged.seed",
        )  # fmt: skip
        _wait_until(lambda: (folder / "munge.socket").exists(), folder)
        start("slurmctld", "-D", "-f", str(conf))
        for number in range(1, nodes + 1):
            start("slurmd", "-D", "-f", str(conf), "-N", f"n{number}")

        def idle() -> bool:
            asked = subprocess.run(
                ["sinfo", "-h", "-o", "%D %T"], env=environment, capture_output=True, text=True, check=False
            )
            return asked.stdout.strip() == f"{nodes} idle"

        _wait_until(idle, folder)
        yield {name: environment[name] for name in ("SLURM_CONF", "PATH")}


def _wait_until(condition: object, folder: Path) -> None:
    assert callable(condition)
    end = time.monotonic() + SECONDS_TO_START
    while not condition():
        if time.monotonic() > end:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
            raise AssertionError(f"Slurm did not start:\n{logs}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()
    process.wait()


def _free_ports(count: int) -> tuple[int, int]:
    """A port, and the first of the ones behind it, which are free too."""
    for first in range(26_800, 27_800, count):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first, first + 1
    raise AssertionError("no free ports")
