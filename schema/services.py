"""What the application lends to the graph: functions that write, unseal or look further find it as ``run.services``."""

from dataclasses import dataclass

from models.database import Database
from models.sealing import KeyRing


@dataclass(frozen=True, slots=True)
class Services:
    """The database to write to, and the installation's keys."""

    database: Database
    keys: KeyRing
