"""How well factors are predicted from codes, and by which: DCI, SAP, explicitness, clustering accuracy."""
