"""Leaks: what the people of an organisation are told when a secret of theirs was found where it should not be."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rules.people import Locale
from rules.secrets import SecretKind
from rules.sign_ins import Limit

REPORTS: Final = Limit("leaks", 60, timedelta(hours=1))
"""Reports from one network: a scanner that finds many sends them over an hour, a guesser gains nothing."""
READERS_MAX: Final = 20
"""People of an organisation who are written to; the rest read the audit."""
LETTER_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter in one language, to be filled with the application's name."""

    subject: str
    text: str


_WHAT: Final = {
    SecretKind.LIVE_CLIENT: ("a secret", "kunci rahasia"),
    SecretKind.TEST_CLIENT: ("a test secret", "kunci rahasia uji coba"),
    SecretKind.REFRESH: ("a refresh token", "token penyegar"),
    SecretKind.INVITATION: ("an invitation", "undangan"),
    SecretKind.REGISTRATION: ("a registration token", "token pendaftaran"),
}


def notice_of(kind: SecretKind, name: str, locale: Locale) -> Notice:
    """Return what to write about a leaked secret of the application or organisation called ``name``."""
    english, indonesian = _WHAT[kind]
    if locale is Locale.ENGLISH:
        return Notice(
            f"Bekal: {english} of {name} was found in the open",
            f"Somebody found {english} of {name} where others can read it, and reported it. It opens nothing any "
            "more.\n\n"
            "Make a new one, put it where only your servers read it, and look through the audit for what was done with "
            "the old one.",
        )
    return Notice(
        f"Bekal: {indonesian} milik {name} ditemukan di tempat terbuka",
        f"Seseorang menemukan {indonesian} milik {name} di tempat yang dapat dibaca orang lain dan melaporkannya. "
        "Kunci itu kini tidak berlaku lagi.\n\n"
        "Buat yang baru, simpan di tempat yang hanya dapat dibaca server Anda, dan periksa jejak audit untuk melihat "
        "apa yang dilakukan dengan yang lama.",
    )
