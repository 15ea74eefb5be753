"""Prediction of factors from codes: DCI, SAP, explicitness, downstream efficiency, clustering accuracy."""
