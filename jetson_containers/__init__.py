"""Container images for Jetson, Arm servers and x86 machines with NVIDIA GPUs.

A package's ``config.py`` imports its names from here (``from jetson_containers import
L4T_VERSION``); they speak of the target it is evaluated for, and have no value at other times.
Nothing happens at import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

#: every name that a ``config.py`` may import from here (see docs/packages.md)
CONFIG_NAMES: tuple[str, ...] = (
    "L4T_VERSION",
    "JETPACK_VERSION",
    "CUDA_VERSION",
    "CUDA_SHORT_VERSION",
    "CUDA_ARCHITECTURES",
    "CUDA_ARCH",
    "CUDA_ARCHS",
    "PYTHON_VERSION",
    "PYTHON_FREE_THREADING",
    "LSB_RELEASE",
    "LSB_RELEASES",
    "LSB_CODENAME",
    "SYSTEM_ARCH",
    "SYSTEM_ARCH_LIST",
    "DOCKER_ARCH",
    "SYSTEM_ARM",
    "SYSTEM_X86",
    "IS_TEGRA",
    "IS_SBSA",
    "get_cuda_version",
    "get_l4t_version",
    "cuda_short_version",
    "nv_tegra_release",
    "check_arch",
    "package_depends",
    "package_requires",
    "update_dependencies",
    "find_package",
    "find_packages",
    "resolve_dependencies",
    "log_debug",
    "log_info",
    "log_warning",
    "log_error",
    "log_verbose",
    "log_status",
    "log_success",
    "github_latest_tag",
    "github_latest_commit",
    "get_json_value_from_url",
    "handle_json_request",
    "handle_text_request",
    "get_latest_version",
)

if not TYPE_CHECKING:  # the program itself imports modules, and a wrong name there is an error

    def __getattr__(name: str) -> Any:
        """One of :data:`CONFIG_NAMES`, or ``__all__`` of them (PEP 562)."""
        if name == "__all__":
            return list(CONFIG_NAMES)
        if name not in CONFIG_NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from jetson_containers.package import names

        return names.lookup(name)
