"""Labelled pictures from a disk, taken into the datasets of a project."""
