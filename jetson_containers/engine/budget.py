"""How many stages at a time, and how many compilers in each: pure figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: memory that one compiler of C++ or CUDA templates takes at its worst, in bytes
COMPILER_MEMORY = 3_000_000_000
#: memory that a stage has to have for itself before another one runs beside it
STAGE_MEMORY = 6_000_000_000
#: more stages at a time bring nothing: downloads and the engine's disk are shared
MOST_JOBS = 4


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that steps run on: ``cores``, and ``memory`` in bytes."""

    cores: int
    memory: int


def default_jobs(machine: Machine) -> int:
    """How many stages are built at a time: two cores and 6 GB for each, four at most."""
    return max(1, min(MOST_JOBS, machine.cores // 2, machine.memory // STAGE_MEMORY))


def compilers(machine: Machine, jobs: int) -> int:
    """How many compilers one of ``jobs`` stages may run: a core and 3 GB for each, one at least."""
    jobs = max(1, jobs)
    return max(1, min(machine.cores // jobs, machine.memory // jobs // COMPILER_MEMORY))


def compile_budget(machine: Machine, jobs: int) -> Mapping[str, str]:
    """The arguments that tell compile steps how much they may run at a time.

    Where memory allows more than the cores can use, ``nvcc`` gets more threads, each of which
    compiles for another GPU architecture.
    """
    count = compilers(machine, jobs)
    threads = machine.memory // max(1, jobs) // (COMPILER_MEMORY * count)
    return {
        "MAX_JOBS": str(count),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(count),
        "NINJAFLAGS": f"-j{count}",
        "NVCC_THREADS": str(max(1, min(4, threads))),
    }
