"""All checks, in the order in which a machine is set up."""

from __future__ import annotations

from jetson_containers.doctor import (
    access,
    answers,
    cdi,
    cgroup,
    clock,
    disk,
    engine,
    free_space,
    host_cuda,
    jetpack,
    kernel_modules,
    memory,
    packet_filter,
    power_mode,
    registries,
    runtimes,
    sources,
    storage_driver,
    target,
    toolkit,
    user_namespaces,
    wheel_indexes,
)
from jetson_containers.doctor.model import Check

CHECKS: tuple[Check, ...] = (
    target.CHECK,
    sources.CHECK,
    answers.CHECK,
    host_cuda.CHECK,
    jetpack.CHECK,
    clock.CHECK,
    engine.CHECK,
    access.CHECK,
    storage_driver.CHECK,
    free_space.CHECK,
    disk.CHECK,
    runtimes.CHECK,
    toolkit.CHECK,
    cdi.CHECK,
    kernel_modules.CHECK,
    packet_filter.CHECK,
    cgroup.CHECK,
    user_namespaces.CHECK,
    memory.CHECK,
    power_mode.CHECK,
    registries.CHECK,
    wheel_indexes.CHECK,
)
