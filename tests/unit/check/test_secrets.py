"""What looks like a secret, and what only sounds like one."""

from __future__ import annotations

import pytest

from jetson_containers.check import secrets
from jetson_containers.errors import Location

HERE = Location("Dockerfile", 1)


@pytest.mark.parametrize(
    "name",
    [
        *("HF_TOKEN", "TOKEN", "GITHUB_TOKEN", "DB_PASSWORD", "JUPYTER_PASSWORD", "CLIENT_SECRET"),
        *("OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert secrets.in_variable("ARG", name, None, HERE)
    assert secrets.in_variable("ENV", name, "x", HERE)


@pytest.mark.parametrize(
    "name",
    [
        *("TOKENIZERS_PARALLELISM", "TOKENIZERS_VERSION", "MAX_TOKENS", "EOS_TOKEN"),
        *("HF_TOKEN_PATH", "PASSWORD_FILE", "AWS_REGION", "SSH_KEY_PATH", "KEYRING", "MONKEY"),
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert secrets.in_variable("ARG", name, None, HERE) is None


@pytest.mark.parametrize("value", ["", "0", "off", "False"])
def test_a_secret_that_is_set_to_nothing_is_none(value: str) -> None:
    assert secrets.in_variable("ENV", "HF_TOKEN", value, HERE) is None


@pytest.mark.parametrize(
    "text",
    [
        "ENV A=hf_" + "a" * 34,
        "ARG B=ghp_" + "b" * 36,
        "ENV C=AKIA" + "C" * 16,
        "RUN git clone https://me:hunter22@example.com/x",
    ],
)
def test_a_token_itself_is_found_and_not_repeated(text: str) -> None:
    [fault] = secrets.in_text(f"FROM x\n{text}\n", "Dockerfile")
    assert fault.where.line == 2
    assert text.split("=")[-1] not in fault.message + fault.hint


@pytest.mark.parametrize(
    "text",
    [
        "ENV A=hf_transfer HF_HUB_ENABLE_HF_TRANSFER=1",
        "RUN git clone https://${USER}:${TOKEN}@example.com/x",
        "RUN curl http://host:8000/a@b",
        "LABEL image=name@sha256:" + "a" * 64,
    ],
)
def test_what_only_resembles_a_token_is_none(text: str) -> None:
    assert secrets.in_text(text, "Dockerfile") == ()
