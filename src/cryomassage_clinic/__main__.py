"""`cryomassage-clinic`: starts the clinic, and passes every other command on to Django."""

from __future__ import annotations

import os
import sys

USAGE = """\
usage: cryomassage-clinic COMMAND [options]

  run               start the clinic: web server and task worker (run --help tells the options)
  COMMAND --help    what a command does and takes
  help --commands   the names of all commands

What the clinic owns lies in CRYOMASSAGE_DATA, or else in ~/.local/share/cryomassage.
"""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 done, 1 failed, 2 the input is wrong."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        sys.exit(0 if given else 2)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryomassage_clinic.settings")
    if given[0] == "run":
        from cryomassage_clinic.server.run import run

        sys.exit(run(given[1:]))
    sys.exit(_manage(given))


def _manage(given: list[str]) -> int:
    """A management command of Django or of the clinic."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, ProgrammingError

    try:
        return _known(given)
    except (OperationalError, ProgrammingError) as error:
        from cryomassage_clinic.custody.files import no_clinic_words, tables_missing

        if not tables_missing(error):
            raise
        sys.stderr.write(f"{no_clinic_words()}\n")
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"The data folder cannot be used: {error}\n")
    return 2


def _known(given: list[str]) -> int:
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line, get_commands

    settings.INSTALLED_APPS  # noqa: B018 -- reads the settings: what is wrong in them is told here
    django.setup()
    name = given[0]
    if name not in get_commands() and name not in ("help", "version", "--version"):
        sys.stderr.write(f"There is no command {name!r}. `cryomassage-clinic help --commands` names them all.\n")
        return 2
    execute_from_command_line(["cryomassage-clinic", *given])
    return 0


if __name__ == "__main__":
    main()
