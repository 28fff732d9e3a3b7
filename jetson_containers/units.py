"""Figures as people read them."""


def gigabytes(size: float) -> str:
    """Bytes: ``17.2 GB``, ``20.5 MB``; powers of ten, as disks are sold."""
    return f"{size / 1e6:.1f} MB" if 0 < size < 1e8 else f"{size / 1e9:.1f} GB"


def clock(seconds: float) -> str:
    """``0.25 s``, ``8.3 s``, ``2:05`` or ``1:02:05``."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
