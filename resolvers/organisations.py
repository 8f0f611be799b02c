"""Organisations and who owns them: public, so that anybody can look for conflicts of interest."""

from sqlalchemy import Select, select

from models.organisations import Organisation, Shareholding
from rules.access import Viewer

BY_SHARE = (Shareholding.share_bp.desc(),)


def shareholdings(viewer: Viewer) -> Select[Shareholding]:
    """Return shares that are held, from either side of the edge."""
    del viewer
    return select(Shareholding)


__all__ = ["BY_SHARE", "Organisation", "shareholdings"]
