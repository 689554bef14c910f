"""Trained models that answer requests: when they run, what each may take, which are in memory."""
