"""An example plug-in of disentangle-bench: a dataset, networks, a model and a metric."""
