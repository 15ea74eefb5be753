"""How much two readings of the same images tell of each other."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-8
"""A probability below this is taken for this, so that its logarithm and the slope of that stay finite."""


def mutual_information(logits: Tensor, others: Tensor) -> Tensor:
    """Compute the mutual information of two readings of the same images, in nats (arXiv:1807.06653, eq. 3).

    A category is drawn from each reading, given the image. Over a batch these two are distributed as

        P = (E[p q^T] + E[q p^T]) / 2,    p = softmax(logits), q = softmax(others)
        I = sum_ij P_ij ln(P_ij / (P_i P_j))

    It is ln k where all k categories come equally often and both readings are certain and the same, and 0 where neither
    says anything about the other; merged or unused categories keep it below ln k.

    Args:
        logits: `(n, k)`, of the images.
        others: `(n, k)`, of the same images after a change.

    Returns:
        A scalar, float32.

    Example:
        >>> import torch
        >>> certain = 100 * torch.eye(4)
        >>> round(mutual_information(certain, certain).item(), 3)  # ln 4
        1.386
    """
    with torch.autocast(logits.device.type, enabled=False):  # which would round the joint distribution
        p, q = logits.float().softmax(dim=1), others.float().softmax(dim=1)
        one_way = p.t() @ q / len(p)
        joint = ((one_way + one_way.t()) / 2).clamp(min=LEAST)
        marginal = joint.sum(dim=1)
        return (joint * (joint.log() - torch.outer(marginal, marginal).log())).sum()
