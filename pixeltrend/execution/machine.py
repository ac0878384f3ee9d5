"""What this process may use of its machine: CPUs and memory, by affinity, cgroups and SLURM."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MB = 2**20


def available_cpus(environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> int:
    """Return how many CPUs this process may use: the least that anything says.

    That is its affinity, the quota of its cgroup or of one above (version 1 and 2; a part of a CPU
    counts as one), and SLURM's CPUs for each task, or else on this node.

    Parameters
    ----------
    environment
        Where SLURM's variables are.
    root
        The folder that ``proc`` and ``sys`` lie in.
    """
    if sys.platform == "linux":
        counts = [len(os.sched_getaffinity(0))]
    else:
        counts = [os.cpu_count() or 1]
    for folder in _cgroups("cpu", root):
        quota, period = _numbers(folder / "cpu.max") or (0, 0)
        if not period:
            [quota] = _numbers(folder / "cpu.cfs_quota_us") or [0]
            [period] = _numbers(folder / "cpu.cfs_period_us") or [0]
        if quota > 0 and period > 0:
            counts.append(-(-quota // period))
    of_slurm = _variable(environment, "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")
    return max(1, min([*counts, of_slurm or counts[0]]))


def available_memory(environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> int:
    """Return the bytes of memory that this process and its children may use together.

    That is the least of what the machine has, what its cgroup and those above allow (version 1 and
    2), and what SLURM gave the job on a node, or its CPUs.

    Parameters
    ----------
    environment, root
        As for `available_cpus`.
    """
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for folder in _cgroups("memory", root):
        for name in ("memory.max", "memory.limit_in_bytes"):
            sizes += _numbers(folder / name)
    of_node = _variable(environment, "SLURM_MEM_PER_NODE")  # 0 is all that there is
    if of_node:
        sizes.append(of_node * _MB)
    elif of_cpu := _variable(environment, "SLURM_MEM_PER_CPU"):
        cpus = _variable(environment, "SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK")
        sizes.append(of_cpu * _MB * (cpus or available_cpus(environment, root)))
    return min(size for size in sizes if size > 0)


def _cgroups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroup and of all above, of both versions.

    In a container the path may be that of the host, while the folder shows what the container has:
    then the folders that do not exist say nothing, and the topmost one all.
    """
    mount = root / "sys/fs/cgroup"
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                tops = [mount, mount / "unified"]
            elif controller in controllers.split(","):
                tops = [mount / controller, mount / controllers]
            else:
                continue
            for top in tops:
                folder = top / path.lstrip("/")
                yield from (f for f in (folder, *folder.parents) if f.is_relative_to(top))


def _numbers(file: Path) -> list[int]:
    """Return the numbers in a file; none if there is no such file, or no limit ("max")."""
    try:
        return [int(word) for word in file.read_text().split()]
    except (OSError, ValueError):
        return []


def _variable(environment: Mapping[str, str], *names: str) -> int:
    """Return the number in the first variable that has one; 0 if none has."""
    texts = [environment[name] for name in names if environment.get(name, "").isdecimal()]
    return int(texts[0]) if texts else 0
