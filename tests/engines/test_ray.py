"""The Ray engine on a cluster of two nodes of this machine, of which one is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.conftest import command, require_same, run, scores, wait_for, workers_of

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="needs Ray: pip install 'disentangle-bench[ray]'")
ray = pytest.importorskip("ray")


@pytest.fixture
def cluster() -> Iterator[object]:
    """Two nodes with a processor each."""
    try:
        made = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        made.add_node(num_cpus=1)
        made.wait_for_nodes()
    except Exception as error:  # noqa: BLE001 - whatever keeps Ray from running here
        pytest.skip(f"no Ray cluster can be started here: {error}")
    yield made
    made.shutdown()


@pytest.mark.slow
def test_a_node_is_lost_and_the_bits_are_the_same(
    cluster: object, suite: Path, tmp_path: Path, undisturbed: Path
) -> None:
    words = ("--engine", "ray", "--address", cluster.address)  # type: ignore[attr-defined]
    driver = subprocess.Popen(command(suite, "out", *words), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(workers_of(tmp_path / "out")) == 2)
    lost = next(node for node in cluster.worker_nodes)  # type: ignore[attr-defined]
    cluster.remove_node(lost, allow_graceful=False)  # type: ignore[attr-defined]
    _, said = driver.communicate(timeout=600)
    assert driver.returncode == 0, said
    require_same(tmp_path / "out", undisturbed)


def test_no_cluster_at_the_address_is_one_message(suite: Path, tmp_path: Path) -> None:
    ended = run(suite, "out", "--engine", "ray", "--address", "127.0.0.1:1")
    assert ended.returncode == 2
    assert "No Ray cluster answers at 127.0.0.1:1" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not scores(tmp_path / "out")
