"""Custom Labels: models that are learnt from a user's own pictures."""
