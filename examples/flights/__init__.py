"""A year of real flights out of New York, and a model that predicts late arrivals."""
