"""Which hierarchies are mounted where a bare machine has none."""

from __future__ import annotations

from jetson_containers.engine.cgroups import commands, mounted

CONTROLLERS = (
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t2\t1\t1\nrdma\t0\t1\t0\n"
)


def test_unified() -> None:
    only = ["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"]
    assert list(commands(CONTROLLERS, "0::/init.scope\n")) == [only]


def test_old_hierarchies_keep_their_controllers_together() -> None:
    made = list(commands(CONTROLLERS, "3:name=systemd:/\n2:memory:/\n1:cpu,cpuacct:/\n0::/\n"))
    assert made[0][:3] == ["mount", "-t", "tmpfs"]
    assert ["mkdir", "/sys/fs/cgroup/memory"] in made
    assert made[2][4:] == ["none,name=systemd", "cgroup", "/sys/fs/cgroup/systemd"]
    assert not any("cpuacct" in word for command in made for word in command)


def test_mounted() -> None:
    line = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    assert mounted(line)
    assert not mounted("30 25 0:26 / /sys rw - sysfs sysfs rw\n")
