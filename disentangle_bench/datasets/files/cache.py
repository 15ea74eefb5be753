"""Find or download declared files, and verify them.

The order: the user's folder, the user cache, the user's mirror, then every source. Only files with the declared SHA-256
are used or cached. The cache holds raw, verified files; each is written atomically.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.hashes import content_fault, fault_of, note_on, size_fault
from disentangle_bench.datasets.files.mirrors import mirrors
from disentangle_bench.datasets.files.places import cache_folder, is_offline, require_some, user_folders
from disentangle_bench.datasets.files.progress import say
from disentangle_bench.datasets.files.scratch import clear_away, held, kept_bytes, scratch_folder
from disentangle_bench.datasets.files.sources import PackedFolder, Source
from disentangle_bench.errors import DataError, DownloadError
from disentangle_bench.storage import atomic_path, cache_errors, remove_leftovers, require_space


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
    """The result of copying from one source.

    Attributes:
        paths: of the files that are in the cache now.
        new: the names of those that the source had.
        faults: what was wrong with others.
    """

    paths: Mapping[str, Path]
    new: tuple[str, ...]
    faults: tuple[str, ...]


def take(published: FileSet, source: Source) -> Taken:
    """Copy all files that the cache lacks from one source, optional ones included.

    Files without a published SHA-256 are replaced even if they are in the cache: the user may know the right copy.

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
    """Return the right files in folders, by name, and what is wrong with those that have no right copy."""
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
    """The search for missing files, with the cache's lock held."""

    def __init__(
        self, published: FileSet, cache: Path, given: Mapping[str, Path], known: Mapping[str, File] | None = None
    ) -> None:
        self.published = published
        self.cache = cache
        for name in published.files:
            remove_leftovers(cache / name)
        # Once more: another process may have downloaded them meanwhile.
        cached, self.failures = _verified(published.files if known is None else known, [cache], cache)
        self.found = {**cached, **given}
        for fault in self.failures:
            say(f"{fault}; looking for another copy")
        for name, file in self.missing.items():
            # Its replacement need not match what was noted of another file.
            if (cache / name).is_file() and content_fault(cache / name, file):
                note_on(cache / name, cache).unlink(missing_ok=True)
                (cache / name).unlink()

    @property
    def missing(self) -> dict[str, File]:
        """File name -> what is declared of it."""
        return {name: file for name, file in self.published.files.items() if name not in self.found}

    def complete(self, folders: Sequence[Path], sources: Callable[[], Iterable[Source]]) -> dict[str, Path]:
        """Return every file: packed in the user's folders or the cache, from the user's mirror, or from the sources."""
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
            looked = [f"{folder}: has no such file" for folder in folders]
            tried = "\n".join(f"  {line}" for line in (*looked, *self.failures))
            name = self.published.name
            raise DownloadError(
                f"{name}: {', '.join(self.missing)} could not be downloaded.\n{tried}",
                f"If you have the files, `dbench data fetch {name} --from PATH` copies them. Or put them, as they "
                f"are or as .gz, into {self.cache}, or into a folder that --data-dir or DBENCH_DATA names.",
            )
        return self.found

    def _ask(self, source: Source) -> None:
        if not self.missing:
            return
        if source.network and is_offline():
            self.failures.append(f"{source.name}: not tried, since DBENCH_OFFLINE forbids the network")
            return
        if source.network:
            needed = sum(file.bytes or 0 for file in self.missing.values()) - kept_bytes(self.cache, self.missing)
            require_space(self.cache, needed, self.published.name)
            say(f"Downloading {self.published.name} from {source.name}")
        before = len(self.missing)
        faults = self.take_from(source)
        if faults or self.missing:
            absent = "has none of them" if 1 < before == len(self.missing) else f"has no {', '.join(self.missing)}"
            self.failures.append(f"{source.name}: {'; '.join(faults) or absent}")

    def take_from(self, source: Source) -> list[str]:
        """Move the right files of a source into the cache; return what was wrong with others."""
        faults = []
        with scratch_folder(self.cache) as scratch:
            try:
                source.fetch(self.missing, scratch)
            except DataError as error:
                faults.append(error.problem.rstrip("."))
            finally:  # whatever interrupted it: each file that is there is complete
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
