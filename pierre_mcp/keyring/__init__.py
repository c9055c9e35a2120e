"""The only importer of ``cryptography``: master, wraps, ring, digests."""
