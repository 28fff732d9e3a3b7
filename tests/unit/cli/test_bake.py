"""The verb ``bake`` without an engine: one document on stdout, or files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.bake import main
from jetson_containers.errors import UsageError
from tests.golden.bake_files import TREE

COMMON = ("--package-dirs", str(TREE), "--only-dirs", "--no-engine")


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SOURCE_DATE_EPOCH", "HTTPS_PROXY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _bake(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    code = main(["engine", *COMMON, "--target", "x86-cu130", *words])
    assert code == 0
    return json.loads(capsys.readouterr().out)


def test_stdout_is_the_file_alone_and_the_unknown_digest_is_told_beside_it(capsys):
    assert main(["engine", *COMMON, "--target", "x86-cu130"]) == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)["target"]) == 3
    assert "the digest of ubuntu:24.04 is not known" in told.err


def test_several_targets_are_one_file(capsys):
    document = _bake(capsys, "--target", "orin-jp62")
    platforms = {item for target in document["target"].values() for item in target["platforms"]}
    assert platforms == {"linux/amd64", "linux/arm64"}


def test_the_environments_time_is_taken(capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "17")
    targets = _bake(capsys, "--reproducible")["target"].values()
    assert {target["args"]["SOURCE_DATE_EPOCH"] for target in targets} == {"17"}


def test_only_secrets_that_a_stage_asks_for_are_named_and_none_by_its_value(capsys, tmp_path):
    (tmp_path / ".netrc").write_text("machine a password hunter22\n")
    words = ("--secret", "id=other,src=/etc/hostname")
    document = _bake(capsys, *words)
    found = [item for target in document["target"].values() for item in target.get("secret", ())]
    assert found == [f"id=netrc,src={tmp_path}/.netrc"]
    assert "hunter22" not in json.dumps(document)


def test_a_secret_may_come_from_a_variable(capsys):
    document = _bake(capsys, "--secret", "id=netrc,env=INDEX_LOGIN")
    found = [item for target in document["target"].values() for item in target.get("secret", ())]
    assert found == ["id=netrc,env=INDEX_LOGIN"]


def test_proxies_are_variables_of_the_bake(capsys, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter22@proxy:1")
    document = _bake(capsys, "--use-proxy")
    assert document["variable"]["HTTPS_PROXY"] == {"default": ""}
    assert {item["args"]["HTTPS_PROXY"] for item in document["target"].values()} == {
        "${HTTPS_PROXY}"
    }
    assert "hunter22" not in json.dumps(document)


def test_a_directory_names_its_contexts_from_itself(tmp_path):
    folder = tmp_path / "fleet"
    assert main(["engine", *COMMON, "--target", "x86-cu130", "--output", f"{folder}/"]) == 0
    document = json.loads((folder / "docker-bake.json").read_text())
    for target in document["target"].values():
        assert (folder / target["context"] / target["dockerfile"]).is_file()
    words = next(item for item in document["target"].values() if "GREETING" in item["args"])
    assert (folder / words["context"] / "list").read_text() == "one\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--secret", "netrc"),
        ("--secret", "id=netrc"),
        ("--provenance",),
        ("--sbom",),
        ("--output", "/"),
    ],
)
def test_words_that_make_no_sense_are_refused(words):
    with pytest.raises(UsageError):
        main(["engine", *COMMON, "--target", "x86-cu130", *words])


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--push", "A B"), "--push 'A B' names no place in a registry"),
        (("--push", "http://127.0.0.1:5000/x"), "--push 'http://127.0.0.1:5000/x' names no place"),
        (("--cache-registry", "A B"), "--cache-registry 'A B' names no registry"),
        (("--cache-registry", "h.io/x,mode=so"), "'mode=so' is not known"),
        (("--cache-registry", "h.io/x,mode=ro"), "the stages of a bake go there"),
    ],
)
def test_words_that_are_no_registry_are_refused_before_anything_is_written(
    words, what, capsys, tmp_path
):
    file = tmp_path / "bake.json"
    with pytest.raises(UsageError) as told:
        main(["engine", *COMMON, "--target", "x86-cu130", "--output", str(file), *words])
    assert what in told.value.what
    assert not file.exists()


@pytest.mark.parametrize("text", ["h.io/x", "h.io/x,mode=rw", "https://h.io/x/"])
def test_a_registry_of_stages_is_written_as_build_reads_it(text, capsys):
    targets = _bake(capsys, "--cache-registry", text)["target"].values()
    tags = [tag for target in targets for tag in target["tags"]]
    assert tags and all(tag.startswith("h.io/x/") and "," not in tag for tag in tags)
