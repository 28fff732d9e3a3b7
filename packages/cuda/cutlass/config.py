"""CUTLASS DSL: each SGLang pins one."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "4.8.0",
            "wheels": ["nvidia-cutlass-dsl[cu13]==4.8.0"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "4.6.2",
            "wheels": ["nvidia-cutlass-dsl[cu13]==4.6.2"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "4.5.2",
            "wheels": ["nvidia-cutlass-dsl[cu13]==4.5.2"],
            "when": {"cuda": ">=13,<14"},
        },
        {
            "version": "4.8.1",
            "wheels": ["nvidia-cutlass-dsl==4.8.1"],
            "when": {"cuda": ">=12,<13"},
        },
        {
            "version": "4.3.5",
            "wheels": ["nvidia-cutlass-dsl==4.3.5"],
            "when": {"cuda": ">=12,<13"},
        },
    ],
)
