"""Learners of predictor metrics: scikit-learn's boosted trees and support vector machines, only faster."""
