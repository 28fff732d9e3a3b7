"""NumPy: the newest for the interpreter that SGLang's numba accepts."""

from packages.python.pip_index.index import wheel_packages

package = wheel_packages(
    package,
    target,
    [
        {"version": "2.3.5", "wheels": ["numpy==2.3.5"], "when": {"python": ">=3.11"}},
        {"version": "2.2.6", "wheels": ["numpy==2.2.6"], "when": {"python": "==3.10"}},
        {"version": "1.24.4", "wheels": ["numpy==1.24.4"], "when": {"python": "==3.8"}},
        {"version": "1.19.5", "wheels": ["numpy==1.19.5"], "when": {"python": "==3.6"}},
    ],
)
