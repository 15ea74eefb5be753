"""`dbench explore`."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command
from disentangle_bench.cli.options import GivenPath, data_dir_option
from disentangle_bench.cli.output import print_result, say

PORT = 8765


@click.command(
    cls=Command,
    short_help="Turn the codes of a trained model by hand, in the browser.",
    examples=(
        "dbench explore runs/infogan-mnist/seed-0                        # serves it; Ctrl-C ends",
        "dbench explore runs/infogan-mnist/seed-0 runs/infogan-mnist/seed-1 --out explorer",
        "dbench explore runs/infogan-mnist/seed-0 --single-file infogan.html    # opens from disk",
    ),
)
@click.option_panel("Arguments", options=["runs"], **ARGUMENTS_AS_USED)
@click.argument(
    "runs",
    type=GivenPath(path_type=Path),
    nargs=-1,
    required=True,
    metavar="RUN [RUN2]",
    help="The folder of a finished run, or of two to be shown side by side.",
)
@click.option(
    "--out", type=GivenPath(path_type=Path), metavar="DIR", help="Write the page into a folder, for any file server."
)
@click.option(
    "--single-file",
    type=GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one HTML file that holds everything and opens from disk.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    metavar="N",
    help=f"Serve at this port of this machine, if nothing is written; 0 is any that is free (default: {PORT}).",
)
@data_dir_option
def explore(runs: tuple[Path, ...], port: int, **options: Any) -> None:
    """Make a page with a slider for each code, on which the model's networks run in the browser. Prints its address,
    or the path of what was written.

    It needs `pip install 'disentangle-bench[onnx]'`, and once the network, for ONNX Runtime Web.
    """
    from disentangle_bench.workflow.explore import explore as write

    if options["out"] or options["single_file"]:
        for path in write(runs, **options, on_progress=say):
            print_result(f"{path}\n")
        return
    from tempfile import TemporaryDirectory

    from disentangle_bench.workflow.explore import server_of

    with TemporaryDirectory(prefix="dbench-explorer-") as folder, server_of(Path(folder), port) as server:
        write(runs, folder, data_dir=options["data_dir"], on_progress=say)
        print_result(f"http://127.0.0.1:{server.server_port}/\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):  # which is how it ends
            server.serve_forever()
