"""A definition gives the same at any time and on any machine."""

from __future__ import annotations

import pytest

from jetson_containers.package.loader import load_catalogue

#: what a definition asks, and what it hears wherever and whenever it does
ANSWERS = {
    "time.time()": "1577836800.0",
    "time.time_ns() - time.monotonic_ns()": "0",
    "time.strftime('%F %T %Z')": "2020-01-01 00:00:00 UTC",
    "time.ctime()": "Wed Jan  1 00:00:00 2020",
    "time.asctime()": "Wed Jan  1 00:00:00 2020",
    "time.localtime().tm_year": "2020",
    "datetime.datetime.now()": "2020-01-01 00:00:00",
    "datetime.datetime.now(datetime.timezone.utc)": "2020-01-01 00:00:00+00:00",
    "datetime.datetime.utcnow()": "2020-01-01 00:00:00",
    "datetime.date.today()": "2020-01-01",
    "isinstance(datetime.datetime.now() + datetime.timedelta(1), datetime.datetime)": "True",
    "isinstance(datetime.datetime.now(), datetime.date)": "True",
    "os.cpu_count()": "1",
    "os.sched_getaffinity(0)": "{0}",
    "(os.getuid(), os.getgid(), os.getpid(), os.getppid())": "(0, 0, 1, 0)",
    "socket.gethostname()": "",
    "platform.node()": "",
    "os.path.expanduser('~')": "~",
}


def test_clocks_and_the_machine_say_one_thing(orin, tree):
    asked = ", ".join(f"{number}: {question}" for number, question in enumerate(ANSWERS))
    code = "import datetime, os, platform, socket, time\n"
    code += f"package['build_args'] = {{f'A{{n}}': str(v) for n, v in {{{asked}}}.items()}}\n"
    package = load_catalogue(orin, [tree({"a/config.py": code})]).default("a")
    heard = dict(package.build_args)
    assert {question: heard[f"A{number}"] for number, question in enumerate(ANSWERS)} == ANSWERS


def test_a_time_zone_is_a_setting_like_others(orin, tree):
    code = "import time\npackage['notes'] = time.strftime('%H')\n"
    root = tree({"a/config.py": code})
    assert load_catalogue(orin, [root]).default("a").notes == "00"
    assert load_catalogue(orin, [root], settings={"TZ": "XXX-3"}).default("a").notes == "03"


DRAWN = (
    "random.random()",
    "random.Random().random()",
    "random.SystemRandom().random()",
    "os.urandom(4)",
    "uuid.uuid4()",
    "secrets.token_hex(4)",
)


@pytest.mark.parametrize("draw", DRAWN)
def test_chance_is_the_same_in_each_definition(orin, tree, draw):
    code = "import os, random, secrets, uuid\n"
    code += f"package['notes'] = repr([{draw}, {draw}])\n"
    catalogue = load_catalogue(orin, [tree({"a/config.py": code, "b/config.py": code})])
    assert catalogue.default("a").notes == catalogue.default("b").notes
    first, second = catalogue.default("a").notes[1:-1].rsplit(", ", 1)
    assert first != second, "it is drawn anew within one"
