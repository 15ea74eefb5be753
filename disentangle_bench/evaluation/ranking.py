"""What a ranking of models says; it imports so little that printing one takes no torch."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1
FEWEST, ADVISED = 3, 5


class _Model(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class Place(_Model):
    """What one criterion says of one model: its score, and its rank, 1 for the best; None where there is no score."""

    score: float | None
    rank: int | None
    reason: str = ""


class RankedModel(_Model):
    """One model: its place by each criterion, in the order of the ranking's, and the mean of its ranks."""

    name: str
    mean_rank: float | None
    places: list[Place]


class Ranking(_Model):
    """Models from the best to the worst by their mean rank; those without one come last.

    Attributes:
        criteria: the metrics.
        samples: for how many samples the models have codes.
        unchecked: the models without factors; that their samples are the same, beyond their number, is taken on trust.
    """

    schema_version: int = SCHEMA_VERSION
    criteria: list[str]
    models: list[RankedModel]
    samples: int
    unchecked: list[str]

    def to_values(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return self.model_dump(mode="json")
