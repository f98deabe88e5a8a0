"""What the simulated registry knows and remembers, in SQLite: people, organisations, requests, batches."""


class Store:
    """The state of one registry."""
