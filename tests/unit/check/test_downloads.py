"""Which downloads are pinned."""

from __future__ import annotations

import pytest

from jetson_containers.check.downloads import unpinned
from jetson_containers.check.shell import commands

PINNED = [
    "git clone --branch v1.2 https://example.com/x",
    "git clone -b $REF --depth 1 https://example.com/x",
    "git clone --branch=${REF} https://example.com/x",
    "git clone https://example.com/x && cd x && git checkout 1f2e3d",
    "git clone https://example.com/x; git -C x reset --hard $COMMIT",
    "curl -O https://example.com/x && echo 'abc  x' | sha256sum --check",
    "curl -fsS http://localhost:8000/health",
    "curl -X POST https://example.com/api",
    "pip install numpy==1.26 'torch==2.8'",
    "python3 -m pip install -r requirements.txt",
    "uv pip install --constraint bounds.txt numpy",
    "pip install --no-cache-dir -e . ./more /tmp/x.whl dist/*.whl",
    'pip install ${WHEELS} "$@"',
    "pip install numpy==${VERSION}",
    "pip install git+https://example.com/x@v1",
    "pip install 'https://example.com/x.whl#sha256=abc'",
    "pip install --index-url https://example.com/simple numpy==1",
    "pip uninstall -y numpy && pip cache purge",
    "echo 'pip install numpy'",
    "# pip install numpy",
    "cat <<EOF >run.sh\npip install numpy\nEOF\n",
]
FREE = [
    ("git clone https://example.com/x", 1),
    ("git clone --depth 1 --branch main https://example.com/x", 1),
    ("true && \\\n  sudo -E git clone https://example.com/x", 2),
    ("curl -fsSL https://example.com/install.sh | sh", 1),
    ("cd /tmp\nwget -q https://example.com/x.tar.gz -O x.tgz", 2),
    ("curl https://example.com/key | gpg --dearmor >key.gpg", 1),
    ("pip install numpy", 1),
    ("if ! pip3 install --upgrade 'numpy>=2'; then exit 1; fi", 1),
    ("PIP_NO_CACHE_DIR=1 /opt/venv/bin/pip3.11 install numpy==1 scipy >/dev/null 2>&1", 1),
    ("x=\"$(curl -s https://example.com/version)\"", 1),
    ("cat <<EOF\nno command\nEOF\npip install numpy", 4),
    ("pip install git+https://example.com/x", 1),
    ("uv pip install torch", 1),
]


@pytest.mark.parametrize("text", PINNED)
def test_what_is_pinned_is_no_fault(text: str) -> None:
    assert list(unpinned(tuple(commands(text)), "x.sh")) == []


@pytest.mark.parametrize(("text", "line"), FREE)
def test_what_is_not_pinned_is_found_on_its_line(text: str, line: int) -> None:
    [fault] = unpinned(tuple(commands(text)), "x.sh")
    assert str(fault.where) == f"x.sh:{line}"


def test_a_message_names_only_what_is_not_pinned():
    [fault] = unpinned(tuple(commands("pip install numpy==1 scipy pandas>2")), "x.sh")
    assert "scipy, pandas" in fault.message and "numpy" not in fault.message
