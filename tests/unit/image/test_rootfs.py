"""A root file system becomes the same image every time, without what belongs to the machine."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

from jetson_containers.image.rootfs import write_archive, write_layer

EPOCH = 1_700_000_000


def rootfs(mtime: int) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in (
            "./etc/hostname", "./etc/apt/sources.list", "./var/log/dpkg.log", "./usr/bin/tool",
            "./usr/share/doc/tool/copyright", "./usr/share/doc/tool/changelog.gz",
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = 3, mtime, 0o755
            tar.addfile(info, io.BytesIO(b"abc"))
        folder = tarfile.TarInfo("./var/log")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    stream.seek(0)
    return stream


def test_layer(tmp_path: Path) -> None:
    extra = {"etc/apt/sources.list.d/distribution.sources": b"Types: deb\n"}
    one = write_layer(rootfs(EPOCH + 5), tmp_path / "1", extra=extra, epoch=EPOCH)
    two = write_layer(rootfs(EPOCH + 9), tmp_path / "2", extra=extra, epoch=EPOCH)
    assert one.diff_id == two.diff_id
    assert one.path.read_bytes() == two.path.read_bytes()
    content = gzip.decompress(one.path.read_bytes())
    assert one.diff_id == f"sha256:{hashlib.sha256(content).hexdigest()}"
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert {member.name for member in tar} == {
            "./usr/bin/tool", "./usr/share/doc/tool/copyright", "./var/log", *extra,
        }  # fmt: skip
        assert tar.getmember("./usr/bin/tool").mode == 0o755


def test_archive_says_its_architecture(tmp_path: Path) -> None:
    layer = write_layer(rootfs(EPOCH), tmp_path / "layer", extra={}, epoch=EPOCH)
    write_archive(
        layer, tmp_path / "image.tar", reference="r:1", arch="arm64",
        labels={"a": "b"}, made_by="test", epoch=EPOCH,
    )  # fmt: skip
    with tarfile.open(tmp_path / "image.tar") as tar:
        (entry,) = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        config = json.loads(tar.extractfile(entry["Config"]).read())  # type: ignore[union-attr]
        assert entry["RepoTags"] == ["r:1"] and entry["Layers"][0] in tar.getnames()
    assert (config["architecture"], config["os"]) == ("arm64", "linux")
    assert config["rootfs"]["diff_ids"] == [layer.diff_id]
    assert config["config"]["Labels"] == {"a": "b"}
    assert config["created"] == "2023-11-14T22:13:20Z"
