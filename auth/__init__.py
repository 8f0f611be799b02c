"""Who is calling? Turns a request's credentials into a ``Viewer``."""
