"""What predictor metrics fit: boosted trees and support vector machines, as scikit-learn fits them."""
