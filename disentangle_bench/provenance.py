"""What produced a result: the command, versions, the machine and the time."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def provenance() -> dict[str, Any]:
    """Return what produced a result: the command, versions, the machine and the time. JSON-able, with no user names."""
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE") or ""
    arguments = [word.replace(home, "~") if len(home) > 1 else word for word in sys.argv[1:]]
    packages = ("disentangle-bench", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "lightning-fabric")
    return {
        "command": [Path(sys.argv[0]).name, *arguments],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "packages": {name: installed_version(name) for name in packages},
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def processor() -> str:
    """Return the name of the processor, where the system reports it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def installed_version(name: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
