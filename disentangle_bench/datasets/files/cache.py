"""From a dataset's declared files to verified paths: where they are looked for, in which order, and by whom.

The order: the user's folder, the user cache, the user's mirror, then every source. Nothing is used or cached that does
not have the declared SHA-256. The cache holds raw, verified files; each appears there at once and whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.hashes import fault_of, note_on, size_fault
from disentangle_bench.datasets.files.mirrors import mirrors
from disentangle_bench.datasets.files.places import cache_folder, is_offline, require_some, user_folders
from disentangle_bench.datasets.files.progress import say
from disentangle_bench.datasets.files.scratch import clear_away, held, kept_bytes, scratch_folder
from disentangle_bench.datasets.files.sources import PackedFolder, Source
from disentangle_bench.errors import DataError, DownloadError
from disentangle_bench.storage import atomic_path, cache_errors, require_space


def obtain(
    published: FileSet,
    sources: Callable[[], Iterable[Source]],
    data_dir: Path | None = None,
    *,
    names: Collection[str] | None = None,
) -> dict[str, Path]:
    """Return the paths of a set's files, every one with the declared SHA-256, downloading what is missing.

    Several processes may call this at once: one downloads, the others wait. From a cache that cannot be written, files
    are still read; a missing one is then a `StorageError`, since a temporary copy would be downloaded at every call.

    Args:
        published: the files.
        sources: gives the sources in order; called only if something is missing.
        data_dir: the user's folder; by default `DBENCH_DATA`. Files may lie there as they are or as `.gz`.
        names: of the files to return; by default all but the optional ones.

    Raises:
        DownloadError: no source has some file; lists every source and why it failed.
        DataError: a file in the user's folder is damaged or a different one, there is no such folder, or it holds none
            of the files.
        StorageError: the cache cannot be written.
    """
    wanted = [name for name, file in published.files.items() if not file.optional] if names is None else names
    needed = replace(published, files={name: published.files[name] for name in wanted})
    folders = user_folders(needed.name, data_dir, needed.subfolders)
    require_some(needed.name, needed.files, data_dir, folders)
    cache = cache_folder(needed.name)
    given, wrong = _verified(needed.files, folders, cache)
    if wrong:
        raise _unfit(wrong)
    found = _verified(needed.files, [cache], cache)[0] | given
    if len(found) < len(needed.files):
        with cache_errors(), held(cache, needed.name):
            found = _Search(needed, cache, given).complete(folders, sources)
            clear_away(cache, partials=True)
    return {name: found[name] for name in needed.files}


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


def take(published: FileSet, source: Source) -> Taken:
    """Ask one source for all of a dataset's files that the cache lacks, optional ones included.

    Also for those whose SHA-256 nobody has published: which copy is the right one, the user may know.

    Raises:
        StorageError: the cache cannot be written, or the source not be read.
    """
    cache = cache_folder(published.name)
    with cache_errors(), held(cache, published.name):
        hashed = {name: file for name, file in published.files.items() if file.sha256}
        search = _Search(published, cache, {}, known=hashed)
        lacked = search.missing
        faults = search.take_from(source) if lacked else []
    there = {name for name in published.files if name not in hashed and (cache / name).is_file()}
    paths = {name: cache / name for name in published.files if name in search.found or name in there}
    return Taken(paths, tuple(name for name in lacked if name in search.found), tuple(faults))


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
        self, published: FileSet, cache: Path, given: Mapping[str, Path], known: Mapping[str, File] | None = None
    ) -> None:
        self.published = published
        self.cache = cache
        # Once more: by now, another process may have fetched them.
        cached, self.failures = _verified(published.files if known is None else known, [cache], cache)
        self.found = {**cached, **given}
        for fault in self.failures:
            say(f"{fault}; looking for another copy")

    @property
    def missing(self) -> dict[str, File]:
        """File name -> what is declared of it."""
        return {name: file for name, file in self.published.files.items() if name not in self.found}

    def complete(self, folders: Sequence[Path], sources: Callable[[], Iterable[Source]]) -> dict[str, Path]:
        """Every file: packed in the user's folders or the cache, from the user's mirror, or from the sources."""
        for folder in folders:
            if faults := self.take_from(PackedFolder(folder)):
                raise _unfit([f"{folder}: {fault}" for fault in faults])
        self.failures += [f"{self.cache}: {fault}" for fault in self.take_from(PackedFolder(self.cache))]
        for source in mirrors(self.published.name):
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
            require_space(self.cache, self._needed(), self.published.name)
            say(f"Fetching {self.published.name} from {source.name}")
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
            f"{self.published.name}: {', '.join(self.missing)} could not be had.\n{tried}",
            f"If you have the files, `dbench data fetch {self.published.name} --from PATH` takes them. Or put them, as "
            f"they are or as .gz, into {self.cache}, or into a folder that --data-dir or DBENCH_DATA names.",
        )
