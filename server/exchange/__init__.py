"""Trained models, taken out of one server and into another."""
