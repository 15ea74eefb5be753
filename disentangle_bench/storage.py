"""Atomic writes, what is computed once and kept, hashes, and the provenance of results."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import platform
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from disentangle_bench.errors import HeldError, StorageError

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")
PATIENCE = 600.0
"""Seconds that `once` waits for another process, where it can do without."""
LARGE, MOST_PACKED = 1 << 30, 2000
"""Bytes of an array whose size is doubted, and to how much of what is stored: zeros are compressed by 1,000."""
_SPARE_BYTES = 2**26
_TRIAL_BYTES = 2**20
_SHOWN = 60
"""Characters of an invalid path in messages."""
_REMEDIES = {
    errno.ENOSPC: "Free some space or choose another folder.",
    errno.EDQUOT: "Your quota is used up: free some space or choose another folder.",
    errno.EACCES: "Choose a folder that you may write to, or change its permissions.",
    errno.EPERM: "Choose a folder that you may write to, or change its permissions.",
    errno.EROFS: "That file system is read-only: choose another folder.",
    errno.EFBIG: "Your system limits the size of files (`ulimit -f`): raise the limit.",
    errno.ENOTDIR: "A part of that path is a file: choose another folder.",
    errno.EEXIST: "A part of that path is a file: choose another folder.",
    errno.EISDIR: "That path is a folder: choose another name.",
}


@contextmanager
def storage_errors(path: Path, action: str = "write") -> Iterator[None]:
    """Turn the operating system's errors on `path` into a `StorageError` with a remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"Could not {action} {path}: {reason}.", _REMEDIES.get(error.errno or 0, "")) from error


def require_regular(path: Path) -> None:
    """Refuse what is not a regular file: reading a named pipe or a device may never end.

    Raises:
        StorageError: it is a folder, a pipe, a device or a socket, or not there.
    """
    with storage_errors(path, "read"):
        regular = stat.S_ISREG(path.stat().st_mode)
    if not regular:
        raise StorageError(f"{path} is not a regular file.", "Take it out, or name another one.")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it, flushed to disk, if the block succeeds, or is removed.

    Raises:
        StorageError: no space, no permission, or not a folder.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}")
        try:
            # Not through tempfile, whose files only their owner may read: the user's group should read results, too.
            temporary.touch(exist_ok=False)
            yield temporary
            flush_to_disk(temporary)
            temporary.replace(path)
            flush_to_disk(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed left of their writes to `path`; call it only while nobody writes to it.

    Raises:
        StorageError: no permission.
    """
    with storage_errors(path, "clear away what is left of"):
        for leftover in path.parent.glob(f".{path.name}.*.tmp{path.suffix}"):
            leftover.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Flush a file, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (path.is_dir() and error.errno in (errno.EINVAL, errno.ENOTSUP)):  # some file systems flush files only
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_hdf5(path: Path, fill: Callable[[h5py.File], object]) -> None:
    """Write to `path`, atomically, the HDF5 file that `fill` fills.

    The file is made in memory: where a disk is full, HDF5 does not raise but ends the whole process.
    """
    import h5py

    buffer = io.BytesIO()
    # From version 1.10 of the format on, a checksum detects damaged names and sizes, on which HDF5 would crash.
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        fill(file)
    write_bytes(path, buffer.getvalue())


def require_own_data(group: h5py.File | h5py.Group, keys: Iterable[str]) -> None:
    """Refuse arrays of an open HDF5 file whose values are in other files: these may be gone, or none of ours to read.

    Args:
        group: the file or a group in it.
        keys: the names of arrays and groups, which need not be there.

    Raises:
        OSError: a link to another file, an array with external storage, or a virtual array. HDF5 fills in what is
            missing of a virtual array, and crashes on one that refers to itself. A large array of which next to
            nothing is stored: it would be read for hours, as zeros.
    """
    import h5py

    for key in keys:
        if isinstance(group.get(key, getlink=True), h5py.ExternalLink):
            raise OSError(f"{key!r} is a link to another file")
        found = group.get(key)
        if isinstance(found, h5py.Group):
            require_own_data(found, found)
        elif isinstance(found, h5py.Dataset) and (found.is_virtual or found.external):
            raise OSError(f"the values of {key!r} are in other files")
        elif isinstance(found, h5py.Dataset) and found.nbytes > max(LARGE, MOST_PACKED * found.id.get_storage_size()):
            stored = in_bytes(found.id.get_storage_size())
            raise OSError(f"{key!r} declares {found.shape}, {in_bytes(found.nbytes)}, and holds {stored}")


def parse_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, atomically. NaN and infinity raise `ValueError`: they are not JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


@contextmanager
def locked(path: Path, *, patience: float = -1, on_wait: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the lock file at `path`, waiting for the process that holds it; a killed process releases it.

    The file is not removed: processes that wait for it would then hold another one.

    Args:
        path: of the lock file, in a folder that is made if need be.
        patience: seconds to wait; by default for as long as it takes.
        on_wait: called once if another process holds it.

    Raises:
        HeldError: another process holds it for longer than `patience`.
        StorageError: no permission, or no locks on this file system.
    """
    lock = FileLock(path)
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            try:
                lock.acquire(timeout=patience)
            except Timeout:
                raise HeldError(f"Another process holds {path}.", "Wait until it has ended.") from None
        except NotImplementedError as error:
            raise StorageError(f"Could not lock {path}: {error}.", "Choose a folder on another file system.") from error
    try:
        yield
    finally:
        lock.release()


def once(
    path: Path,
    look: Callable[[], T | None],
    compute: Callable[[], T],
    keep: Callable[[T], object] | None = None,
    *,
    on_wait: Callable[[], object] = lambda: None,
) -> T:
    """Return what is kept at `path`, or else compute it: of several processes one computes, and the others wait.

    With `keep`, the file is a convenience: if the lock is not available within `PATIENCE`, or the value cannot be
    written, it is computed all the same. Without `keep`, `compute` makes the file itself, and needs the lock.

    Args:
        path: of the file; the lock lies beside it.
        look: reads the value; gives None if the file is not there, or not a sound one.
        compute: gives the value. What a killed process left beside the file has been removed by then.
        keep: writes the value to `path`, atomically.
        on_wait: called once if another process has to be waited for.

    Raises:
        StorageError: the file cannot be locked, and there is no `keep`.
    """
    found = look()
    if found is not None:
        return found
    with ExitStack() as stack:
        with suppress(StorageError) if keep else ExitStack():
            patience = PATIENCE if keep else -1
            stack.enter_context(locked(path.with_suffix(".lock"), patience=patience, on_wait=on_wait))
            remove_leftovers(path)
        found = look()  # the process that was waited for may have written it
        if found is None:
            found = compute()
            if keep is not None:
                with suppress(StorageError):
                    keep(found)
    return found


def in_bytes(size: float) -> str:
    """Format a number of bytes, such as 1.4 GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size:.0f} bytes"


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Check that a folder's disk has room for so many more bytes, with a margin.

    Raises:
        StorageError: it has not; the message gives both numbers.
    """
    with storage_errors(folder, "ask for the free space of"):
        free = shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise StorageError(
            f"{folder} has {in_bytes(free)} free; {in_bytes(needed + _SPARE_BYTES)} are needed for {purpose}.",
            _REMEDIES[errno.ENOSPC],
        )


def require_writable(path: Path) -> None:
    """Check that a file can be written to `path`, before work is done that would be lost.

    Raises:
        StorageError: no permission, a part of the path is a file, or hardly any space.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())


def user_cache(*parts: str) -> Path:
    """Return a folder, which may not exist yet, in `DBENCH_CACHE` or else in the user's cache folder."""
    root = os.environ.get("DBENCH_CACHE") or user_cache_path("disentangle-bench", appauthor=False)
    return usable_path(root, "DBENCH_CACHE").joinpath(*parts)


def usable_path(given: Path | str, named_by: str) -> Path:
    """Return a path whose first part may be a home folder (`~`); refuse one that no file can have.

    Args:
        given: what was given for a path.
        named_by: the variable, option or argument, for the message.

    Raises:
        StorageError: the home of an unknown user, a null character, or a name that is too long.
    """
    try:
        path = Path(given).expanduser()
        os.lstat(path)
    except RuntimeError:
        fault = "there is no such home folder"
    except ValueError:
        fault = "it has a null character"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return path
        fault = "it is too long"
    else:
        return path
    shown = repr(str(given)) if len(str(given)) <= _SHOWN else f"{str(given)[:_SHOWN]!r}..."
    raise StorageError(f"{named_by} is not a path: {shown}, {fault}.", "Give the path of a file or folder.")


@contextmanager
def cache_errors() -> Iterator[None]:
    """Add to a `StorageError` how another cache folder is chosen."""
    try:
        yield
    except StorageError as error:
        raise StorageError(error.problem, f"{error.remedy} DBENCH_CACHE names another cache folder.".strip()) from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_through(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary path that then replaces `path`: for libraries that write files themselves."""
    with atomic_path(path) as temporary:
        write(temporary)


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
