"""Packages and what they need, as values, and these as dot, Mermaid, SVG, JSON and a page."""
