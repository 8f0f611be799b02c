"""``python -m bekal`` and the ``bekal`` command."""

from api.cli import main

if __name__ == "__main__":
    main()
