"""SGLang's kernels: each release is compiled against one PyTorch.

Orin (sm_87) has no wheel: there they are compiled from the sources of the SGLang that pins them.
"""

from packages.python.pip_index.index import wheel_packages

GIT = "https://github.com/sgl-project/sglang"

#: version, distribution, PyTorch, the SGLang whose sources hold it
RELEASES = [
    ("0.4.10", "sglang-kernel", "2.14.1", "v0.5.23"),
    ("0.4.9", "sglang-kernel", "2.14.1", "v0.5.22"),
    ("0.4.7", "sglang-kernel", "2.13.0", "v0.5.21"),
    ("0.4.4", "sglang-kernel", "2.11.0", "v0.5.15"),
    ("0.4.1", "sglang-kernel", "2.9.1", "v0.5.10.post1"),
    ("0.3.21", "sgl-kernel", "2.9.1", "v0.5.9"),
]
#: what builds from source: Jetson, and Orin on JetPack 7.2
compiled = target.system == "tegra" or target.gpu_architectures == (87,)

package = wheel_packages(
    package,
    target,
    [
        {
            "version": version,
            "wheels": [f"{distribution}=={version}"],
            "when": {"python": ">=3.10", "cuda": ">=12.6"},
            "needs": [f"torch=={torch}"],
            "depends": [f"pytorch:{torch}"],
            "test": [distribution, version],
            **({"source": {"git": GIT, "ref": ref}} if compiled else {}),
        }
        for version, distribution, torch, ref in RELEASES
    ],
)
