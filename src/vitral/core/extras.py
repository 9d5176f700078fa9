"""Optional packages: imported when first needed, with a message that names the extra."""

import importlib
import importlib.util
from types import ModuleType

from vitral.core.errors import MissingExtra


def require(module: str, *, extra: str, what: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Args:
        module: import name, for example `"timm"`.
        extra: name of the extra in `pyproject.toml`.
        what: the feature that needs it, as the subject of a sentence.
    Raises:
        MissingExtra: the package is not installed, or its own import fails.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError) or error.name not in (module, module.partition(".")[0]):
            raise MissingExtra(
                f"{what} needs the package {module!r}, which is installed but cannot be imported: {error}"
            ) from error
        raise MissingExtra(
            f"{what} needs the package {module!r}, which is not installed; "
            f"install it with: pip install 'vitral[{extra}]'"
        ) from error


def available(module: str) -> bool:
    """Tell whether an optional package is installed, without importing it.

    Args:
        module: import name of a top-level package, for example `"timm"`.
    """
    return importlib.util.find_spec(module) is not None
