"""One module a step; the file name says its order and what it does."""
