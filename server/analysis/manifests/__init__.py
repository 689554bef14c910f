"""Manifests: a line for each image of a dataset, with what is known of it."""
