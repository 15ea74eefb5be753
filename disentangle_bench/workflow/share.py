"""Upload an exported folder to a model hub."""

from __future__ import annotations

import sys
from pathlib import Path

from disentangle_bench.datasets.files.places import is_offline
from disentangle_bench.errors import SettingError, StorageError, UploadError
from disentangle_bench.storage import usable_path
from disentangle_bench.workflow.whole_folder import MARK

CARD = "README.md"


def share(folder: Path | str, repo: str, *, private: bool = False) -> str:
    """Upload a folder that `dbench export --to folder` wrote, as one commit to a repository that is made if need be.

    Which hub is asked, and as whom, is `huggingface_hub`'s to say: `HF_ENDPOINT`, `HF_TOKEN` or its login.

    Args:
        folder: the exported folder; files beside those of the export are uploaded, too.
        repo: the repository, such as `me/infogan-mnist`.
        private: whether a repository that is made is private.

    Returns:
        The address of the repository.

    Raises:
        DbenchError: the folder is no such export, `huggingface_hub` is missing, or the network is forbidden.
        UploadError: the hub cannot be reached, or refuses.
    """
    path = usable_path(folder, "The folder")
    if not (path / MARK).is_file() or not (path / CARD).is_file():
        raise StorageError(
            f"{path} is not a folder that can be shared: it has no {CARD} with an {MARK}.",
            "`dbench export RUN --to folder` makes one.",
        )
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HTTPError
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise SettingError(
            "dbench share needs huggingface_hub, which is not installed.", "`pip install 'disentangle-bench[share]'`"
        ) from None
    if is_offline():
        raise SettingError("DBENCH_OFFLINE forbids the network, so nothing is uploaded.", "Unset it to share.")
    if not sys.stderr.isatty():
        disable_progress_bars()
    hub = HfApi(library_name="disentangle-bench")
    try:
        address = hub.create_repo(repo, private=private or None, exist_ok=True)
        hub.upload_folder(repo_id=address.repo_id, folder_path=path, commit_message="Upload by disentangle-bench")
    except (HTTPError, ValueError, OSError) as error:  # an invalid name is a ValueError, no token an OSError
        raise UploadError(
            f"{path} was not uploaded to {repo}: {' '.join(str(error).split())}",
            "The hub and the token are those of `hf auth login`, or of HF_ENDPOINT and HF_TOKEN.",
        ) from error
    return str(address)
