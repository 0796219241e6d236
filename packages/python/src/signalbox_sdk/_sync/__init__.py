# Generated from ../_async by generate_sync.py. Change the file there.
"""The client that blocks."""
