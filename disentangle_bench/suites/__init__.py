"""Suites: recipes x seeds x metrics with gates, trained and scored cell by cell, on one machine or on a cluster."""
