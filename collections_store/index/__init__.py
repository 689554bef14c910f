"""The vector index: exact search in memory, fed by rows and never the truth itself.

Nothing here knows of SQL, and FAISS is used nowhere else.
"""
