"""FlashAttention: generation 4 with the quack kernels that an SGLang pins, and generation 2."""

from packages.python.pip_index.index import BUILD_TOOLS, gpu_list, wheel_packages

#: version, its quack kernels, its CUTLASS DSL, CUDA
GENERATION_4 = [
    ("4.0.0b36", "0.6.5", ">=4.8", ">=12.6"),
    ("4.0.0b18", "0.6.4", "==4.6.2", ">=13"),
    ("4.0.0b15", "0.5.0", "==4.5.2", ">=12.6"),
]

package = wheel_packages(
    package,
    target,
    [
        *(
            {
                "version": version,
                "wheels": [f"flash-attn-4=={version}", f"quack-kernels=={quack}"],
                "when": {"cuda": when, "python": ">=3.10"},
                "depends": [f"cutlass{cutlass}"],
                "test": ["flash-attn-4", "flash_attn.cute", version],
            }
            for version, quack, cutlass, when in GENERATION_4
        ),
        {
            "version": "2.8.3.post2",
            "wheels": ["flash-attn==2.8.3.post2"],
            "build": True,
            "dockerfile": "Dockerfile.compiled",
            "when": {"cuda": ">=12.2", "python": ">=3.10"},
            "depends": list(BUILD_TOOLS),
            "args": {"TORCH_CUDA_ARCH_LIST": gpu_list(target)},
            "test": ["flash-attn", "flash_attn", "2.8.3.post2"],
        },
    ],
)
