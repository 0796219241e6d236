"""The shapes of the API, as dictionaries.

Fields are in snake_case, times in RFC 3339 in UTC with whole seconds (`2026-05-08T14:23:00Z`), and ids have a prefix
and a UUIDv7.
"""
