"""From a dataset's declared files to verified paths: where they are looked for, in which order, and by whom.

The order: the user's folder, the user cache, the user's mirror, then every source. Nothing is used or cached that does
not have the declared SHA-256. The cache holds raw, verified files; each appears there at once and whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from disentangle_bench.datasets.dataset import DatasetInfo
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.hashes import fault_of, note_on, size_fault
from disentangle_bench.datasets.files.mirrors import mirrors
from disentangle_bench.datasets.files.places import cache_folder, is_offline, require_some, user_folders
from disentangle_bench.datasets.files.progress import say
from disentangle_bench.datasets.files.scratch import clear_away, held, kept_bytes, scratch_folder
from disentangle_bench.datasets.files.sources import PackedFolder, Source
from disentangle_bench.errors import DataError, DownloadError
from disentangle_bench.storage import atomic_path, cache_errors, require_space


def obtain(
    info: DatasetInfo,
    sources: Callable[[], Iterable[Source]],
    data_dir: Path | None = None,
    *,
    files: Collection[str] | None = None,
) -> dict[str, Path]:
    """Paths of a dataset's files, every one with the declared SHA-256, fetched if need be.

    Several processes may ask at once: one fetches, the others wait. A cache that cannot be written serves what it
    has; what it lacks is then a `StorageError`, since a temporary copy would be fetched again at every call.

    Args:
        info: the dataset's name and its files' SHA-256.
        sources: gives the sources in order; called only if something is missing.
        data_dir: the user's folder; by default `DBENCH_DATA`. Files may lie there as they are or as `.gz`.
        files: the names of those wanted; by default all but the optional ones.

    Raises:
        DownloadError: some file could not be had; lists every source and what became of it.
        DataError: a file in the user's folder is damaged or another's, there is no such folder, or none of the files
            is in `data_dir`.
        StorageError: the cache cannot be written.
    """
    info = replace(info, files=_chosen(info, files))
    folders = user_folders(info.name, data_dir, info.subfolders)
    require_some(info.name, info.files, data_dir, folders)
    cache = cache_folder(info.name)
    given, wrong = _verified(info.files, folders, cache)
    if wrong:
        raise _unfit(wrong)
    found = _verified(info.files, [cache], cache)[0] | given
    if len(found) < len(info.files):
        with cache_errors(), held(cache, info.name):
            found = _Search(info, cache, given).complete(folders, sources)
            clear_away(cache, partials=True)
    return {name: found[name] for name in info.files}


@dataclass(frozen=True)
class Taken:
    """What became of asking one source.

    Attributes:
        paths: of what there is in the cache by now.
        new: the names of what the source gave.
        faults: what was wrong with it.
    """

    paths: Mapping[str, Path]
    new: tuple[str, ...]
    faults: tuple[str, ...]


def take(info: DatasetInfo, source: Source) -> Taken:
    """Ask one source for all of a dataset's files that the cache lacks, optional ones included.

    Also for those whose SHA-256 nobody has published: which copy is the right one, the user may know.

    Raises:
        StorageError: the cache cannot be written, or the source not be read.
    """
    cache = cache_folder(info.name)
    with cache_errors(), held(cache, info.name):
        published = {name: file for name, file in info.files.items() if file.sha256}
        search = _Search(info, cache, {}, known=published)
        lacked = search.missing
        faults = search.take_from(source) if lacked else []
    there = {name for name in info.files if name not in published and (cache / name).is_file()}
    paths = {name: cache / name for name in info.files if name in search.found or name in there}
    return Taken(paths, tuple(name for name in lacked if name in search.found), tuple(faults))


def _chosen(info: DatasetInfo, names: Collection[str] | None) -> dict[str, File]:
    if names is None:
        return {name: file for name, file in info.files.items() if not file.optional}
    return {name: info.files[name] for name in names}


def _verified(files: Mapping[str, File], folders: Iterable[Path], cache: Path) -> tuple[dict[str, Path], list[str]]:
    """The right files in folders, by name, and what is wrong with those that have no right copy."""
    found: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for folder in folders:
        for name, expected in files.items():
            path = folder / name
            if name not in found and path.is_file():
                if fault := fault_of(path, expected, note_on(path, cache)):
                    wrong[name] = f"{path} {fault}"
                else:
                    found[name] = path
    return found, [fault for name, fault in wrong.items() if name not in found]


def _unfit(faults: Sequence[str]) -> DataError:
    return DataError("\n".join(f"{fault}." for fault in faults), "Replace or remove it, or name another folder.")


class _Search:
    """The search for what is missing, with the cache's lock held."""

    def __init__(
        self, info: DatasetInfo, cache: Path, given: Mapping[str, Path], known: Mapping[str, File] | None = None
    ) -> None:
        self.info = info
        self.cache = cache
        # Once more: by now, another process may have fetched them.
        cached, self.failures = _verified(info.files if known is None else known, [cache], cache)
        self.found = {**cached, **given}
        for fault in self.failures:
            say(f"{fault}; looking for another copy")

    @property
    def missing(self) -> dict[str, File]:
        """File name -> what is declared of it."""
        return {name: file for name, file in self.info.files.items() if name not in self.found}

    def complete(self, folders: Sequence[Path], sources: Callable[[], Iterable[Source]]) -> dict[str, Path]:
        """Every file: packed in the user's folders or the cache, from the user's mirror, or from the sources."""
        for folder in folders:
            if faults := self.take_from(PackedFolder(folder)):
                raise _unfit([f"{folder}: {fault}" for fault in faults])
        self.failures += [f"{self.cache}: {fault}" for fault in self.take_from(PackedFolder(self.cache))]
        for source in mirrors(self.info.name):
            self._ask(source)
        if self.missing:
            for source in sources():
                self._ask(source)
        if self.missing:
            raise self._explanation(folders)
        return self.found

    def _ask(self, source: Source) -> None:
        if not self.missing:
            return
        if source.network and is_offline():
            self.failures.append(f"{source.name}: not asked, since DBENCH_OFFLINE forbids the network")
            return
        if source.network:
            require_space(self.cache, self._needed(), self.info.name)
            say(f"Fetching {self.info.name} from {source.name}")
        before = len(self.missing)
        faults = self.take_from(source)
        if faults or self.missing:
            absent = "has none of them" if 1 < before == len(self.missing) else f"has no {', '.join(self.missing)}"
            self.failures.append(f"{source.name}: {'; '.join(faults) or absent}")

    def _needed(self) -> int:
        """The bytes that are still to come, as far as they are known."""
        return sum(file.bytes or 0 for file in self.missing.values()) - kept_bytes(self.cache, self.missing)

    def take_from(self, source: Source) -> list[str]:
        """Move the right files that a source gives into the cache; what was wrong with it."""
        faults = []
        with scratch_folder(self.cache) as scratch:
            try:
                source.fetch(tuple(self.missing), scratch)
            except DataError as error:
                faults.append(error.problem.rstrip("."))
            finally:  # whatever broke it off: what has come is whole
                for name, expected in self.missing.items():
                    if (scratch / name).is_file():
                        faults += self._keep(scratch / name, expected)
        return faults

    def _keep(self, fetched: Path, expected: File) -> list[str]:
        target = self.cache / fetched.name
        fault = size_fault(fetched, expected)
        if fault := fault or fault_of(fetched, expected, note_on(target, self.cache), note_on(fetched, fetched.parent)):
            say(f"{fetched.name} {fault}; it is not used")
            return [f"{fetched.name} {fault}"]
        with atomic_path(target) as temporary:
            fetched.replace(temporary)
        self.found[fetched.name] = target
        return []

    def _explanation(self, folders: Sequence[Path]) -> DownloadError:
        looked = [f"{folder}: has no such file" for folder in folders]
        tried = "\n".join(f"  {line}" for line in (*looked, *self.failures))
        return DownloadError(
            f"{self.info.name}: {', '.join(self.missing)} could not be had.\n{tried}",
            f"If you have the files, `dbench data fetch {self.info.name} --from PATH` takes them. Or put them, as "
            f"they are or as .gz, into {self.cache}, or into a folder that --data-dir or DBENCH_DATA names.",
        )
