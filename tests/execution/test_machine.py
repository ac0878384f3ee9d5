"""CPUs and memory that cgroups, SLURM and affinity leave a run, over made-up trees."""

from __future__ import annotations

import os

import pytest

from pixeltrend.execution.machine import available_cpus, available_memory

CPUS = len(os.sched_getaffinity(0))
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
MB = 2**20


def make(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def many_cpus(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))


V2 = {"proc/self/cgroup": "0::/slurm/job_7/step_0\n"}
V1 = {"proc/self/cgroup": "4:memory:/slurm/job_7\n3:cpu,cpuacct:/slurm/job_7\n0::/\n"}


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, 64),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "max 100000\n"}, 64),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "300000 100000\n"}, 3),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "150000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "1000 100000\n"}, 1),
        (
            V2
            | {
                "sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "800000 100000\n",
                "sys/fs/cgroup/slurm/cpu.max": "500000 100000\n",
            },
            5,
        ),
        # A container without a namespace: the path is the host's, the folder the container's.
        ({"proc/self/cgroup": "0::/docker/9f\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/unified/slurm/cpu.max": "700000 100000\n"}, 7),
        (
            V1
            | {
                "sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            V1
            | {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            64,
        ),
    ],
)
@pytest.mark.usefixtures("many_cpus")
def test_cpus_of_a_cgroup(tmp_path, files, cpus):
    assert available_cpus({}, make(tmp_path, files)) == cpus


@pytest.mark.parametrize(
    ("environment", "cpus"),
    [
        ({"SLURM_CPUS_PER_TASK": "6", "SLURM_CPUS_ON_NODE": "24"}, 6),
        ({"SLURM_CPUS_ON_NODE": "24"}, 24),
        ({"SLURM_CPUS_ON_NODE": "128"}, 64),
        ({"SLURM_CPUS_ON_NODE": "many"}, 64),
        ({"SLURM_CPUS_ON_NODE": "0"}, 64),
    ],
)
@pytest.mark.usefixtures("many_cpus")
def test_cpus_of_a_slurm_job(tmp_path, environment, cpus):
    assert available_cpus(environment, tmp_path) == cpus


def test_cpus_are_those_of_the_affinity(tmp_path):
    assert available_cpus({}, tmp_path) == CPUS


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        ({}, MEMORY),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n"}, MEMORY),
        (V2 | {"sys/fs/cgroup/slurm/job_7/step_0/memory.max": f"{300 * MB}\n"}, 300 * MB),
        (
            V2
            | {
                "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
                "sys/fs/cgroup/slurm/job_7/memory.max": f"{200 * MB}\n",
                "sys/fs/cgroup/slurm/memory.max": f"{250 * MB}\n",
            },
            200 * MB,
        ),
        (V1 | {"sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes": "9223372036854771712\n"},
         MEMORY),
        (V1 | {"sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes": f"{150 * MB}\n"},
         150 * MB),
        ({"proc/self/cgroup": "4:memory:/docker/9f\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{99 * MB}\n"}, 99 * MB),
    ],
)  # fmt: skip
def test_memory_of_a_cgroup(tmp_path, files, memory):
    assert available_memory({}, make(tmp_path, files)) == memory


@pytest.mark.parametrize(
    ("environment", "memory"),
    [
        ({"SLURM_MEM_PER_NODE": "120"}, 120 * MB),
        ({"SLURM_MEM_PER_NODE": "0"}, MEMORY),
        ({"SLURM_MEM_PER_CPU": "50", "SLURM_CPUS_ON_NODE": "4"}, 200 * MB),
        ({"SLURM_MEM_PER_CPU": "50", "SLURM_CPUS_PER_TASK": "2"}, 100 * MB),
        ({"SLURM_MEM_PER_CPU": "50"}, CPUS * 50 * MB),
    ],
)
def test_memory_of_a_slurm_job(tmp_path, environment, memory):
    assert available_memory(environment, tmp_path) == memory
