"""Who asks, and what they may: signatures, keys, policies, rate limits."""
