"""The path of a request, from the socket to the answer, and what is served beside the API."""
