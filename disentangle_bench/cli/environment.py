"""`dbench env`."""

from __future__ import annotations

import os

import rich_click as click

from disentangle_bench.cli.help import Command
from disentangle_bench.cli.sheets import print_sections


@click.command(
    cls=Command,
    short_help="Show versions, devices and folders.",
    examples=("dbench env",),
)
def env() -> None:
    """Show versions, devices and folders, for a bug report or a methods section."""
    from disentangle_bench.provenance import provenance

    info = provenance()
    print_sections(
        {
            "Software": {"python": info["python"], **info["packages"]},
            "Machine": {"platform": info["platform"], **devices()},
            "Data": folders(),
        }
    )


def devices() -> dict[str, str]:
    """The processors and accelerators that torch can use."""
    import torch

    found = {"cpu": f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"}
    for index in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{card.name}, {card.total_memory / 2**30:.0f} GiB"
    if torch.backends.mps.is_available():
        found["mps"] = "available"
    return found


def folders() -> dict[str, str]:
    """Where datasets are looked for, and whether they may be fetched."""
    from disentangle_bench.datasets.files.places import cache_folder, is_offline

    offline = "DBENCH_OFFLINE is set: nothing is fetched" if is_offline() else "allowed"
    named = {name: os.environ.get(name) or "not set" for name in ("DBENCH_DATA", "DBENCH_MIRROR")}
    return {**named, "cache": str(cache_folder()), "network": offline}
