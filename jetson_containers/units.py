"""Figures as people read them."""


def gigabytes(size: float) -> str:
    """Bytes: ``17.2 GB``, ``20.5 MB``; powers of ten, as disks are sold."""
    return f"{size / 1e6:.1f} MB" if 0 < size < 1e8 else f"{size / 1e9:.1f} GB"
