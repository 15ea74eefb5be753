"""Downloads under whatever a server may do between one attempt and the next."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import given, settings, strategies

from disentangle_bench.datasets.files import downloads
from disentangle_bench.datasets.files.downloads import download
from disentangle_bench.errors import DownloadError
from tests.datasets.server import serving

CONTENT = hashlib.shake_256(b"two files").digest(2000)


@dataclass
class Visit:
    """What one attempt meets: which of two files is there, how it can be told, and when the connection breaks."""

    version: int
    breaks: int | None
    ranges: bool
    validator: str


VISITS = strategies.builds(
    Visit,
    version=strategies.integers(0, 1),
    breaks=strategies.none() | strategies.integers(0, 1000),
    ranges=strategies.booleans(),
    validator=strategies.sampled_from(["etag", "time", "weak etag", "none"]),
)


@settings(max_examples=20)
@given(strategies.lists(VISITS, max_size=8))
def test_whatever_happens_a_file_is_never_made_of_two(visits: list[Visit]) -> None:
    versions = [CONTENT[:1000], CONTENT[1000:]]
    with (
        serving() as web,
        TemporaryDirectory() as folder,
        mock.patch.object(downloads, "_PAUSES", ()),
        mock.patch.dict("os.environ", NO_PROXY="*"),
    ):
        target = Path(folder, "file.bin")
        for visit in [*visits, Visit(0, None, True, "etag")]:
            served = web.serve("/file.bin", versions[visit.version], ranges=visit.ranges, breaks=[visit.breaks] * 9)
            tags = {"etag": f'"{visit.version}"', "weak etag": 'W/"same"'}
            served.etag = tags.get(visit.validator)
            served.changed = f"Mon, 0{visit.version + 1} Jan 2024 00:00:00 GMT" if visit.validator == "time" else None
            with suppress(DownloadError):
                download(f"{web.url}/file.bin", target)
                assert target.read_bytes() == versions[visit.version]
                target.unlink()
        assert list(Path(folder).iterdir()) == [], "the last attempt succeeds and leaves nothing behind"
