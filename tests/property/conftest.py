"""A longer profile for whoever looks for trouble: ``pytest --hypothesis-profile=long``."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "long",
    max_examples=5_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
