"""Where Vitral keeps what it can find out again: the user's cache folder."""

import os
from pathlib import Path


def cache_file(name: str) -> Path | None:
    """A file in the user's cache folder: VITRAL_CACHE, else XDG_CACHE_HOME/vitral, else ~/.cache/vitral.

    None when there is no home folder at all.
    """
    if own := os.environ.get("VITRAL_CACHE"):
        return Path(own) / name
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared) / "vitral" / name
    home = Path("~").expanduser()
    return home / ".cache" / "vitral" / name if home.is_absolute() else None
