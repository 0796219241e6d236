"""The client for `asyncio`. `generate_sync.py` makes the other one of it."""
