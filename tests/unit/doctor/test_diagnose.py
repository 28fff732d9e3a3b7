"""Running all checks: none stops the others, and none is waited for without end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from jetson_containers.doctor.diagnose import diagnose, failed
from jetson_containers.doctor.model import (
    USER,
    Check,
    Finding,
    Host,
    Remedy,
    Verdict,
    error,
    info,
    ok,
    warning,
)
from jetson_containers.doctor.registry import CHECKS
from tests.unit.doctor.hosts import server


def check(name: str, *verdicts: Verdict) -> Check:
    return Check(name, f"what {name} is", lambda _: verdicts)


def test_the_worst_comes_first_and_checks_keep_their_order() -> None:
    checks = [
        check("a", ok("1"), warning("2")),
        check("b", error("3"), warning("4")),
        check("c", info("5")),
    ]
    found = diagnose(server(), checks)
    assert [item.message for item in found] == ["3", "2", "4", "5", "1"]
    assert [item.check for item in found] == ["b", "a", "b", "c", "a"]
    assert failed(found) and not failed(found[1:])


def test_a_check_that_fails_is_a_finding_and_the_others_are_made() -> None:
    def broken(host: Host) -> Iterator[Verdict]:
        yield ok("so far")
        raise KeyError("x")

    found = diagnose(server(), [Check("broken", "what it is", broken), check("b", ok("fine"))])
    assert [(item.check, item.severity) for item in found] == [("broken", "warning"), ("b", "ok")]
    assert found[0].message == "this check failed, so what it is is not known: KeyError: 'x'"


def test_a_check_that_does_not_end_is_a_finding() -> None:
    end = threading.Event()

    def endless(host: Host) -> Iterator[Verdict]:
        end.wait()
        yield ok("late")

    found = diagnose(server(), [Check("endless", "it", endless), check("b", ok("fine"))], limit=0.1)
    end.set()
    assert [(item.check, item.severity) for item in found] == [("endless", "warning"), ("b", "ok")]
    assert "did not end within 0.1 s" in found[0].message


def test_checks_have_different_names_and_say_what_they_look_at() -> None:
    names = [item.name for item in CHECKS]
    assert len(set(names)) == len(names)
    assert all(item.about and not item.about.endswith(".") for item in CHECKS)


def test_a_remedy_can_be_pasted() -> None:
    remedy = Remedy((("a", "b c"), ("usermod", USER)))
    assert str(remedy) == "a 'b c' && usermod \"$USER\""


def test_commands_are_run_with_sudo_unless_this_is_root() -> None:
    assert server().admin("x") == ("sudo", "x")
    assert server(commands={"id -u": "0\n"}).admin("x") == ("x",)


def test_packages_are_installed_where_they_are_called_so() -> None:
    assert str(server().install("p")) == "sudo apt-get install p"
    assert str(server().upgrade("p")) == "sudo apt-get install --only-upgrade p"
    assert server(files={"/etc/os-release": "ID=fedora\nVERSION_ID=41\n"}).install("p") is None


def test_the_json_form_of_a_finding() -> None:
    finding = Finding("a", "error", "it is so", Remedy((("x",),), True, "all stops"))
    assert finding.to_dict() == {
        "check": "a",
        "severity": "error",
        "message": "it is so",
        "remedy": "x",
        "automatic": True,
        "disturbs": "all stops",
    }
    assert Finding("a", "ok", "fine").to_dict()["remedy"] is None
