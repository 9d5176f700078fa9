"""Why the operating system refused a file, in words for a person."""

import errno

_REASONS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "does not exist",
    errno.EACCES: "cannot be read because permission was denied",
    errno.EPERM: "cannot be read because permission was denied",
    errno.ELOOP: "is a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "has a name that is too long",
    errno.EIO: "cannot be read because the disk reports an error",
}


def os_reason(error: OSError) -> str:
    """The reason of an error, to be read after the name of the file."""
    return _REASONS.get(error.errno or 0) or f"cannot be read ({error.strerror or error})"
