"""Analyses that are fed the frames of a video, and what they find in the API's words."""
