"""Names of what can be seen: data only, and its readers."""
