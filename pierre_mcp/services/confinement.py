"""What a parser worker takes away from itself, where the platform lets it.

No file may be written and no core dumped, memory is bounded, and each file gets its
own allowance of processor time. A platform without such limits (Windows) still has the
parent's clock.
"""

import importlib
import math
from typing import Any

MEMORY_BYTES = 1_536 * 1024 * 1024
CPU_S_PER_FILE = 60


def confine(limits: Any = None) -> None:
    """Limit this process for good.

    Args:
        limits: The ``resource`` module, or one like it.
    """
    resource = limits or limits_here()
    if resource is None:
        return
    _lower(resource, resource.RLIMIT_FSIZE, 0)
    _lower(resource, resource.RLIMIT_CORE, 0)
    _lower(resource, resource.RLIMIT_AS, MEMORY_BYTES)


def allow_cpu(limits: Any = None) -> None:
    """Allow this process so much processor time more, and no more than that."""
    resource = limits or limits_here()
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent_s = math.ceil(used.ru_utime + used.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    _set(resource, resource.RLIMIT_CPU, (spent_s + CPU_S_PER_FILE, hard))


def limits_here() -> Any:
    """Return the ``resource`` module; None where there is none."""
    try:
        return importlib.import_module("resource")
    except ImportError:  # pragma: no cover - Windows
        return None


def _lower(resource: Any, kind: int, to: int) -> None:
    _set(resource, kind, (to, to))


def _set(resource: Any, kind: int, bounds: tuple[int, int]) -> None:
    try:
        resource.setrlimit(kind, bounds)
    except (ValueError, OSError):
        # macOS knows RLIMIT_AS and refuses it; a lower hard limit may stand already.
        return
