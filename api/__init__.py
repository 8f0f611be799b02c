"""How is it put together and served? Settings, application, routes, embedded services, the ``bekal`` command."""
