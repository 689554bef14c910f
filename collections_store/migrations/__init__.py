"""The history of the tables, run whenever a store is opened."""
