"""Texts in both languages, and those that every mutation needs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same in English and in Indonesian. Braces are filled with a refusal's details."""

    english: str
    indonesian: str


@dataclass(frozen=True, slots=True)
class Text:
    """Why, and what to do next."""

    message: Bilingual
    remedy: Bilingual


Texts = Mapping[str, Text]


def text(why: str, mengapa: str, next_: str, lalu: str) -> Text:
    """Return a text: why in English and Indonesian, then what to do next in both."""
    return Text(Bilingual(why, mengapa), Bilingual(next_, lalu))


CONFLICT = text(
    "This idempotency key was used for another request.",
    "Kunci idempotensi ini sudah dipakai untuk permintaan lain.",
    "Choose a new key for each thing that you want done; send the same key only with the same input.",
    "Pakai kunci baru untuk setiap hal yang ingin dilakukan; kirim kunci yang sama hanya dengan masukan yang sama.",
)

BAD_TEXT = text(
    "The text is empty, longer than {length_max} characters, or holds characters that cannot be shown.",
    "Teks kosong, lebih dari {length_max} karakter, atau memuat karakter yang tidak dapat ditampilkan.",
    "Write something in at most {length_max} characters, without control characters.",
    "Tulis sesuatu paling banyak {length_max} karakter, tanpa karakter kendali.",
)

COURSE_NOT_FOUND = text(
    "There is no such course, or none that you may do this with.",
    "Pelatihan itu tidak ada, atau bukan pelatihan yang boleh Anda olah.",
    "Check the id. `myCourses` lists an institution's own courses.",
    "Periksa id-nya. `myCourses` memuat pelatihan milik lembaga.",
)

EDITED_SINCE = text(
    "The course is at revision {revision}: it was edited since you read it.",
    "Pelatihan ini sudah pada revisi {revision}: isinya berubah sejak Anda membacanya.",
    "Read the course again, look at what is new, and send its `revision`.",
    "Baca kembali pelatihannya, perhatikan yang baru, lalu kirim `revision`-nya.",
)
