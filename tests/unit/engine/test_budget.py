"""How many stages at a time, and how many compilers in each."""

from __future__ import annotations

import pytest

from jetson_containers.engine.budget import Machine, compile_budget, default_jobs

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("name", "cores", "gigabytes", "jobs", "make", "nvcc"),
    [
        ("Nano", 4, 4, 1, 1, 1),
        ("Xavier NX", 6, 8, 1, 2, 1),
        ("Orin NX", 8, 16, 2, 2, 1),
        ("AGX Orin", 12, 64, 4, 3, 1),
        ("AGX Thor", 14, 128, 4, 3, 3),
        ("workstation", 64, 256, 4, 16, 1),
        ("server with much memory", 16, 1024, 4, 4, 4),
        ("two cores", 2, 8, 1, 2, 1),
        ("almost nothing", 1, 1, 1, 1, 1),
    ],
)
def test_what_fits_a_machine(name, cores, gigabytes, jobs, make, nvcc):
    machine = Machine(cores, gigabytes * GB)
    assert default_jobs(machine) == jobs
    assert compile_budget(machine, jobs) == {
        "MAX_JOBS": str(make),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(make),
        "NINJAFLAGS": f"-j{make}",
        "NVCC_THREADS": str(nvcc),
    }


def test_a_stage_alone_gets_the_whole_machine():
    machine = Machine(12, 64 * GB)
    assert compile_budget(machine, 1)["MAX_JOBS"] == "12"
    assert compile_budget(machine, 3)["MAX_JOBS"] == "4"


def test_more_jobs_than_cores_still_compile():
    assert compile_budget(Machine(2, 2 * GB), 8)["MAX_JOBS"] == "1"
