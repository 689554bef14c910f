"""Durable background work: jobs survive a crash and go on from the last part that was stored."""
