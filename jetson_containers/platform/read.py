"""Readers of single sources: the text of one file or command in, one fact out.

Law: whatever the text, a reader answers with a fact; what cannot be read is a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import Engine, Fact, Gpu, OsRelease
from jetson_containers.platform.gpu import (
    architecture_of_gpu,
    current_number,
    gpu_architectures,
    is_data_center,
)
from jetson_containers.platform.l4t import parse_l4t

SMI_QUERY = "nvidia-smi --query-gpu=driver_version,name,compute_cap --format=csv,noheader"
SMI = "nvidia-smi"
CU_DRIVER = "cuDriverGetVersion"
L4T_PACKAGE = "dpkg-query -W -f=${Version} nvidia-l4t-core"

L4T_RELEASE_FILE = "/etc/nv_tegra_release"
OS_RELEASE = "/etc/os-release"
MODEL_FILE = "/proc/device-tree/model"
DRIVER_FILE = "/proc/driver/nvidia/version"
CUDA_FILE = "/usr/local/cuda/version.json"
CUDART = "/usr/local/cuda/lib64/libcudart.so."
MEMORY_FILE = "/proc/meminfo"
CGROUP_FILE = "/sys/fs/cgroup/cgroup.controllers"
PYTHON_COMMAND = "python3 --version"
DISK_COMMAND = "df -Pk /"

#: an old nvidia-smi, which does not know every field that is asked for
_OLD_SMI = "is not a valid field"
_ROW = re.compile(r"\s*(\d{2,4}\.[\d.]{1,20}|\[[^\],]*\]),(.*),([^,]*)", re.ASCII)


def l4t_of_file(evidence: Evidence) -> Fact[Version]:
    """``# R36 (release), REVISION: 4.3, ...`` is 36.4.3.

    An L4T has three parts. Of more the first three count, and the source says what stands there;
    a revision that is not all numbers (``4.x``) is not guessed at.
    """
    text = evidence.files.get(L4T_RELEASE_FILE)
    if text is None:
        return Fact(reason=f"{L4T_RELEASE_FILE} does not exist")
    match = re.search(
        r"R(\d{1,3})\s*\(release\),\s*"
        r"REVISION:\s*(\d{1,3}(?:\.\d{1,3})?)((?:\.\d{1,3})*)(?![\w.+~-])",
        text,
        re.ASCII,
    )
    if match is None:
        return Fact(reason=f"{L4T_RELEASE_FILE} has no release line: {text[:60]!r}")
    more = f", which says REVISION: {match[2]}{match[3]}" if match[3] else ""
    return Fact(parse_l4t(f"{match[1]}.{match[2]}"), f"{L4T_RELEASE_FILE}{more}")


def l4t_of_package(evidence: Evidence) -> Fact[Version]:
    """The Debian package ``nvidia-l4t-core``: ``36.4.3-20250107174145`` is 36.4.3."""
    for command, output in evidence.commands.items():
        match = re.search(r"\b(\d{1,3}\.\d{1,3}\.\d{1,3})-\d{8,}", output, re.ASCII)
        if "nvidia-l4t-core" in command and match:
            return Fact(Version(match[1]), "package nvidia-l4t-core")
    return Fact(reason="the package nvidia-l4t-core is not installed")


def os_release(evidence: Evidence) -> Fact[OsRelease]:
    """``ID`` and ``VERSION_ID``."""
    text = evidence.files.get(OS_RELEASE)
    if text is None:
        return Fact(reason=f"{OS_RELEASE} does not exist")
    values = dict(re.findall(r"^(\w+)=[\"']?([^\"'\n]*)", text, re.MULTILINE))
    if not values.get("ID"):
        return Fact(reason=f"{OS_RELEASE} has no ID")
    return Fact(OsRelease(values["ID"], values.get("VERSION_ID", "")), OS_RELEASE)


def model(evidence: Evidence) -> Fact[str]:
    """The device-tree model, without its final NUL."""
    text = evidence.files.get(MODEL_FILE, "").replace("\0", "").strip()
    return Fact(text, MODEL_FILE) if text else Fact(reason=f"{MODEL_FILE} does not exist")


def smi_rows(evidence: Evidence) -> list[list[str]]:
    """The rows of ``nvidia-smi``'s query: driver, name, compute capability.

    A cell that it cannot fill is ``[N/A]`` or another word in brackets. What is no row is left
    out (:func:`smi_faults`): errors and warnings are printed among them.
    """
    found = (_ROW.fullmatch(line) for line in evidence.commands.get(SMI_QUERY, "").splitlines())
    return [[cell.strip() for cell in match.groups()] for match in found if match]


def smi_faults(evidence: Evidence) -> tuple[str, ...]:
    """What ``nvidia-smi`` says in place of rows: a driver that does not answer, a lost GPU.

    A field that an old one does not know is no fault of the driver.
    """
    lines = (line.strip() for line in evidence.commands.get(SMI_QUERY, "").splitlines())
    found = (line for line in lines if line and not _ROW.fullmatch(line) and _OLD_SMI not in line)
    return tuple(dict.fromkeys(found))


def driver_of_smi(evidence: Evidence) -> Fact[str]:
    """The driver version that ``nvidia-smi`` gives: by its query, or in the head of its table.

    There ``Driver Version:``, from driver 610 on ``KMD Version:``.
    """
    told = [driver for driver, *_ in smi_rows(evidence) if not driver.startswith("[")]
    if told:
        return Fact(told[0], SMI)
    table = evidence.commands.get(SMI, "")
    match = re.search(r"(?:Driver|KMD) Version:\s*(\d{2,4}\.[\d.]{1,20})", table, re.ASCII)
    return Fact(match[1], SMI) if match else Fact(reason="nvidia-smi gave no driver version")


def driver_of_file(evidence: Evidence) -> Fact[str]:
    """``NVRM version: NVIDIA UNIX ... Kernel Module  570.124.06  ...``."""
    text = evidence.files.get(DRIVER_FILE)
    if text is None:
        return Fact(reason=f"{DRIVER_FILE} does not exist")
    match = re.search(r"Kernel Module[^\n]*?\s(\d{3,4}\.[\d.]{1,20})", text, re.ASCII)
    if match is None:
        return Fact(reason=f"{DRIVER_FILE} has no version: {text[:60]!r}")
    return Fact(match[1], DRIVER_FILE)


def cuda_of_libcuda(evidence: Evidence) -> Fact[Version]:
    """``cuDriverGetVersion``: 12080 is 12.8."""
    text = evidence.commands.get(CU_DRIVER, "").strip()
    if not re.fullmatch(r"[1-9]\d{3,5}", text, re.ASCII):
        return Fact(reason="libcuda.so.1 gave no version")
    return Fact(Version(f"{int(text) // 1000}.{int(text) % 1000 // 10}"), CU_DRIVER)


def cuda_of_smi(evidence: Evidence) -> Fact[Version]:
    """The ``CUDA Version:`` field of ``nvidia-smi``; ``CUDA UMD Version:`` from driver 610 on."""
    match = re.search(
        r"CUDA (?:UMD )?Version:\s*(\d{1,3}\.\d{1,3})\b", evidence.commands.get(SMI, ""), re.ASCII
    )
    if match is None:
        return Fact(reason="nvidia-smi printed no CUDA version")
    return Fact(Version(match[1]), SMI)


def gpus_of_smi(evidence: Evidence) -> Fact[tuple[Gpu, ...]]:
    """The GPUs that ``nvidia-smi`` lists, equal ones counted."""
    counted: dict[Gpu, int] = {}
    for _, name, capability in smi_rows(evidence):
        match = re.fullmatch(r"(\d{1,2})\.(\d)", capability, re.ASCII)
        number = int(match[1]) * 10 + int(match[2]) if match else architecture_of_gpu(name)
        number = None if number is None else current_number(number)
        known = gpu_architectures().get(number or 0)
        gpu = Gpu(name, number, known.integrated if known else None, is_data_center(name))
        counted[gpu] = counted.get(gpu, 0) + 1
    if not counted:
        return Fact(reason="nvidia-smi listed no GPU")
    return Fact(
        tuple(
            Gpu(gpu.name, gpu.architecture, gpu.integrated, gpu.data_center, count)
            for gpu, count in counted.items()
        ),
        SMI,
    )


def host_cuda(evidence: Evidence) -> Fact[Version]:
    """The toolkit on the host itself; it never decides what goes into a container."""
    text = evidence.files.get(CUDA_FILE)
    if text is None:
        return Fact(reason=f"{CUDA_FILE} does not exist")
    try:
        data = json.loads(text)
        found = (data.get("cuda_nvcc") or data["cuda"])["version"]
        return Fact(Version(found), CUDA_FILE)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Fact(reason=f"{CUDA_FILE} cannot be read")


def host_cudart(evidence: Evidence) -> Fact[Version]:
    """The same by the file name of the CUDA runtime: ``libcudart.so.12.6.77`` is 12.6.77."""
    for path in sorted(evidence.files, reverse=True):
        match = re.search(r"/libcudart\.so\.(\d{1,3}(?:\.\d{1,5}){1,2})$", path, re.ASCII)
        if match:
            return Fact(Version(match[1]), path)
    return Fact(reason="there is no libcudart.so")


def python(evidence: Evidence) -> Fact[Version]:
    """The host's own Python; it never decides what goes into a container."""
    text = evidence.commands.get(PYTHON_COMMAND, "")
    match = re.search(r"Python (\d{1,2}\.\d{1,3}\.\d{1,3})", text, re.ASCII)
    return Fact(Version(match[1]), PYTHON_COMMAND) if match else Fact(reason="python3 is not there")


def memory(evidence: Evidence) -> Fact[int]:
    """Total memory in bytes."""
    text = evidence.files.get(MEMORY_FILE, "")
    match = re.search(r"^MemTotal:\s*(\d{1,15}) kB", text, re.ASCII | re.MULTILINE)
    if match is None:
        return Fact(reason=f"{MEMORY_FILE} tells no MemTotal")
    return Fact(int(match[1]) * 1024, MEMORY_FILE)


def disk(evidence: Evidence) -> Fact[int]:
    """Free bytes of the file system that holds ``/``."""
    lines = evidence.commands.get(DISK_COMMAND, "").splitlines()
    cells = lines[-1].split() if lines else []
    if len(cells) < 4 or not re.fullmatch(r"\d{1,15}", cells[3], re.ASCII):
        return Fact(reason=f"{DISK_COMMAND} gave no answer")
    return Fact(int(cells[3]) * 1024, DISK_COMMAND)


def cgroup(evidence: Evidence) -> Fact[int]:
    """The cgroup version: 2 where the unified hierarchy is mounted."""
    if CGROUP_FILE in evidence.files:
        return Fact(2, CGROUP_FILE)
    return Fact(reason=f"{CGROUP_FILE} does not exist (cgroup 1, or not recorded)")


def cgroup_of_engine(evidence: Evidence) -> Fact[int]:
    """The cgroup version that the container engine works with."""
    told = str(evidence.engine.get("cgroup_version", ""))
    return Fact(int(told), "engine") if told in ("1", "2") else Fact(reason="no engine told it")


def engine(evidence: Evidence) -> Fact[Engine]:
    """The container engine, as it answered."""
    if not evidence.engine:
        return Fact(reason="no container engine answered")
    return Fact(engine_of(evidence.engine), "engine")


def engine_of(said: Mapping[str, Any]) -> Engine:
    """An engine from what evidence keeps of its answer."""
    named = ("server_version", "default_runtime", "runtimes", "cdi_devices")
    return Engine(
        server_version=str(said.get("server_version", "")),
        default_runtime=str(said.get("default_runtime", "")),
        runtimes=_names(said.get("runtimes")),
        cdi_devices=_names(said.get("cdi_devices")),
        more={key: value for key, value in said.items() if key not in named},
    )


def _names(value: Any) -> tuple[str, ...]:
    """A list of names, or Docker's own mapping by name; what is neither is nothing."""
    return tuple(map(str, value)) if isinstance(value, (list, tuple, dict)) else ()
