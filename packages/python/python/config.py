"""Python: the distribution's own where it has the target's version, else the nearest source."""

#: which distribution packages which Python
DISTRIBUTION = {
    "ubuntu:18.04": ["3.6", "3.7", "3.8"],
    "ubuntu:20.04": ["3.8", "3.9"],
    "ubuntu:22.04": ["3.10", "3.11"],
    "ubuntu:24.04": ["3.12"],
    "debian:11": ["3.9"],
    "debian:12": ["3.11"],
    "debian:13": ["3.13"],
}
#: further ones in the deadsnakes archive
DEADSNAKES = {
    "ubuntu:20.04": ["3.10", "3.11", "3.12", "3.13"],
    "ubuntu:22.04": ["3.8", "3.9", "3.12", "3.13", "3.14"],
    "ubuntu:24.04": ["3.10", "3.11", "3.13", "3.14"],
}
#: what is in the environment before anything else. setuptools is the newest that every torch from
#: 2.9 to 2.14 and vLLM accept, so that none replaces it; uv does not run on Python before 3.8.
INSTALLER = ["uv==0.13.8", "setuptools==80.9.0"]
OLDER = {
    "3.6": ["pip==21.3.1", "setuptools==59.6.0", "wheel==0.37.1"],
    "3.7": ["pip==24.0", "setuptools==68.0.0", "wheel==0.42.0"],
    "3.8": ["pip==25.0.1", "setuptools==75.3.4", "wheel==0.45.1"],
}

version = f"{target.python.major}.{target.python.minor}"
distribution = f"{target.distro}:{target.release}"
if version in DISTRIBUTION.get(distribution, []):
    origin = "distribution"
elif version in DEADSNAKES.get(distribution, []):
    origin = "deadsnakes"
else:
    origin = "managed"
installer = OLDER.get(version, INSTALLER)

package["name"] = f"python:{version}"
package["alias"] = ["python", "python3", f"python3:{version}"]
package["build_args"] = {
    "PYTHON_VERSION": version,
    "PYTHON_FROM": origin,
    "INSTALLER": " ".join(installer),
}
package["test"] = f"sh /test/test.sh {version}"
package["sources"] = [
    {"pypi": name, "version": pin, "index": "pypi"}
    for name, _, pin in (item.partition("==") for item in installer)
]
