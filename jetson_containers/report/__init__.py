"""Texts for people that are made from what the program knows."""
