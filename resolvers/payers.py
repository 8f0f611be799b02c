"""Payment partners: the public sees those that are or were published."""

from sqlalchemy import ColumnElement

from models.payers import Payer
from rules.access import Viewer
from rules.publication import EVER_PUBLIC


def payers_visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return which payment partners the viewer may look up."""
    del viewer
    return Payer.state.in_(EVER_PUBLIC)
