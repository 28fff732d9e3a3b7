"""FlashAttention 4 with the quack kernels that each SGLang pins."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "4.0.0b36",
            "wheels": ["flash-attn-4==4.0.0b36", "quack-kernels==0.6.5"],
            "depends": ["cutlass>=4.8"],
            "when": {"python": ">=3.10"},
        },
    ],
)
