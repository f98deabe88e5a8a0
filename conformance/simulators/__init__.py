"""The other side of every conversation: authority, token service, registry, and their bench."""
