"""How an embedded engine says that it cannot serve."""


class ServiceUnavailableError(RuntimeError):
    """An embedded PostgreSQL or Valkey cannot be started, reached or stopped; the message names the log and the remedy."""
