"""What survives a restart: every table of the server (not only collections), their migrations,
and the vector index that is derived from them."""
