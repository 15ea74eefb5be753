"""`dbench share`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import GivenPath
from disentangle_bench.cli.output import print_result


@click.command(
    cls=Command,
    short_help="Upload an exported folder to a model hub.",
    examples=("dbench share infogan-mnist-seed-0 --repo me/infogan-mnist",),
)
@click.option_panel("Arguments", options=["folder"], **ARGUMENTS)
@click.argument(
    "folder", type=GivenPath(path_type=Path), metavar="FOLDER", help="What `dbench export RUN --to folder` wrote."
)
@click.option("--repo", required=True, metavar="NAME", help="The repository, such as me/infogan-mnist.")
@click.option("--private", is_flag=True, help="If the repository is made now, make it private.")
def share(folder: Path, repo: str, *, private: bool) -> None:
    """Upload an exported folder with huggingface_hub. Prints the address of the repository.

    It needs `pip install 'disentangle-bench[share]'`, and a token: `hf auth login`, or HF_TOKEN.
    """
    from disentangle_bench.workflow.share import share as upload

    print_result(f"{upload(folder, repo, private=private)}\n")
