"""A tiny tree of packages whose READMEs are kept to be read: ``readmes/``.

After an intended change: ``python -m tests.unit.report.trees`` writes them anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target
from jetson_containers.report.package_docs import package_readmes

FOLDER = Path(__file__).parent / "readmes"
TARGETS = ("orin-jp62", "thor-jp71", "sbsa-cu130", "x86-cu129", "x86-cu130")

BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
FILES = {
    "tools/base/Dockerfile": f"""#---
# name: base
# group: tools
# test: [test.sh, sh -c true]
# secrets: [token]
# notes: |
#   What all others stand on. More of it: https://example.com/base
#---
{BODY}RUN --mount=type=bind,from=scripts,target=/scripts sh /scripts/run
""",
    "tools/base/test.sh": "true\n",
    "shared/scripts/config.yaml": "scripts:\n  notes: Scripts (https://example.com) for steps.\n",
    "ml/frame/Dockerfile": f"#---\n# name: frame\n# depends: base\n#---\n{BODY}",
    "ml/frame/test.py": "print()\n",
    "ml/frame/config.py": """
def frame(version, requires=(), depends=()):
    pkg = package.copy()
    pkg["name"] = f"frame:{version}"
    pkg["alias"] = [f"fr:{version}"] + (["frame", "fr"] if version == DEFAULT else [])
    pkg["requires"] = list(requires)
    pkg["depends"] = [*package["depends"], *depends]
    pkg["sources"] = [{"git": "https://example.com/frame", "ref": f"v{version}"}]
    pkg["test"] = f"python3 /test/test.py {version}"
    return pkg


DEFAULT = "2.10" if target.cuda.major >= 13 else "2.9"
extra = ["speed>1"] if target.arch == "x86_64" else []
package = [frame("2.9", depends=extra), frame("2.10", requires=[">=cu130"]), frame("nightly")]
""",
    "ml/parts/Dockerfile": BODY,
    "ml/parts/config.yaml": """
left:
  depends: [frame, base]
  conflicts: [right]
  sources: [{pypi: left-part, version: "1.4"}]
right-part.2:
  depends: fr:2.9
  requires: '!=x86_64'
  notes: NOTES.md
""",
}


def write(root: Path, files: dict[str, str] = FILES) -> Path:
    """The tree below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def readmes(root: Path, targets: Iterable[str] = TARGETS) -> dict[PurePosixPath, str]:
    """What would be written for the tree."""
    catalogues = [load_catalogue(named_target(name), [root], own_root=root) for name in targets]
    return package_readmes(catalogues, root)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for place, text in readmes(write(Path(folder, "packages"))).items():
            target = FOLDER / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
