"""Bytes in, values out: FIT, GPX, TCX and packed columns. Pure."""
