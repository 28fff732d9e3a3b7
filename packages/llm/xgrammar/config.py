"""XGrammar: each SGLang pins one."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.2.7",
            "wheels": ["xgrammar==0.2.7"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.2.8",
            "wheels": ["xgrammar==0.2.8"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.2.1",
            "wheels": ["xgrammar==0.2.1"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.1.32",
            "wheels": ["xgrammar==0.1.32"],
            "when": {"python": ">=3.10"},
        },
        {
            "version": "0.1.27",
            "wheels": ["xgrammar==0.1.27"],
            "when": {"python": ">=3.10"},
        },
    ],
)
