"""How metrics of codes and factors react to controlled corruption of perfect codes: docs/metric-response.md."""
