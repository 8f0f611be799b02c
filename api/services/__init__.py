"""PostgreSQL and Valkey, started from packages where no server was named: a demo, a laptop, the tests.

``EmbeddedServices.start(data_dir)`` gives a hold on both and their URLs; see embedded.py for how processes share them.
"""

from api.services.embedded import EmbeddedServices, ServicesStatus, keep_up, status, take_down
from api.services.errors import ServiceUnavailableError

__all__ = ["EmbeddedServices", "ServiceUnavailableError", "ServicesStatus", "keep_up", "status", "take_down"]
