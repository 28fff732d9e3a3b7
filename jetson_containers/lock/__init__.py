"""The lock: what an image takes from outside, written down once and held to afterwards."""
