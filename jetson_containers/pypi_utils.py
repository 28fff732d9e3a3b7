"""The module from which the ecosystem's ``config.py`` files import ``get_latest_version``."""

from __future__ import annotations


def get_latest_version(package_name: str) -> str:
    """The version of a PyPI package that the lock records, else a stand-in.

    The package being evaluated is then marked *unpinned*. Raises
    :class:`~jetson_containers.errors.DefinitionError` when nothing is being evaluated.
    """
    from jetson_containers.package import names

    version: str = names.lookup("get_latest_version")(package_name)
    return version
