"""How an embedded engine says that it cannot serve."""


class ServiceUnavailableError(RuntimeError):
    """An embedded engine cannot be started, reached or stopped. The message names the log and the remedy."""
