"""What can be wrong with a registry's answer."""

from __future__ import annotations

from jetson_containers.errors import BuilderError, UnreachableError


class UntrustedAnswer(UnreachableError):
    """An answer that is broken or contradicts itself: nothing of it is used."""


class Unserved(UnreachableError):
    """The registry is there, and answers a question with a fault of its own."""


class TooLarge(BuilderError):
    """More bytes than any honest answer has; reading stopped there."""


class LoginNeeded(UnreachableError):
    """The registry shows this to somebody else only."""


class CredentialsError(BuilderError):
    """Credentials are configured, and cannot be had."""
