"""The user's own mirror, which is tried before the sources: what `DBENCH_MIRROR` names.

It holds `<dataset>/<file>` or just `<file>`, as they are. A cache folder that a web server serves is a mirror.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from disentangle_bench.datasets.files.downloads import RefusalError, without_password
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.local import LocalFolder
from disentangle_bench.datasets.files.sources import Source, WebFolder
from disentangle_bench.errors import DataError
from disentangle_bench.storage import usable_path


def mirrors(dataset: str) -> list[Source]:
    """Return the user's mirror, if there is one.

    Raises:
        DataError: `DBENCH_MIRROR` names neither a web URL nor a folder.
    """
    place = os.environ.get("DBENCH_MIRROR", "").strip()
    if not place:
        return []
    try:
        url = urlsplit(place)
    except ValueError:  # such as of http://[
        url = urlsplit("")
    if url.scheme in ("http", "https") and url.hostname:
        return [WebMirror(place.rstrip("/"), dataset)]
    folder = usable_path(url2pathname(url.path) if url.scheme == "file" else place, "DBENCH_MIRROR")
    if not folder.is_dir():
        raise DataError(
            f"DBENCH_MIRROR names {without_password(place)}, which is neither a web URL nor a folder.",
            "Set it as in https://example.org/datasets or /shared/datasets, or unset it.",
        )
    return [LocalFolder(folder, (dataset,))]


@dataclass(frozen=True)
class WebMirror:
    """A web folder with subfolders by the datasets' names, or with all files in one place.

    A file that is refused in the one is requested in the other: some servers forbid what they do not have.
    """

    url: str
    dataset: str
    network = True

    @property
    def name(self) -> str:
        return f"{without_password(self.url)} (DBENCH_MIRROR)"

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        refusals = []
        for folder in (f"{self.url}/{self.dataset}", self.url):
            absent = {name: file for name, file in wanted.items() if not (into / name).is_file()}
            try:
                WebFolder(folder).fetch(absent, into)
                return
            except RefusalError as error:
                refusals.append(error.problem)
        raise RefusalError("; ".join(refusals))
