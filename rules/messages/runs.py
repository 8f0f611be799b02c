"""What institutions and officers are told when a run may not be planned, changed or cancelled so."""

from rules.messages.texts import BAD_TEXT, CONFLICT, COURSE_NOT_FOUND, Texts, text
from rules.runs import RunRefusal

TEXTS: Texts = {
    RunRefusal.CONFLICT: CONFLICT,
    RunRefusal.BAD_TEXT: BAD_TEXT,
    RunRefusal.COURSE_NOT_FOUND: COURSE_NOT_FOUND,
    RunRefusal.COURSE_NOT_TAUGHT: text(
        "The course is {state}: no new runs of it are planned.",
        "Pelatihan ini berstatus {state}: tidak ada jadwal baru.",
        "Plan the run with another course, or ask the programme office to reinstate this one.",
        "Rencanakan jadwal pada pelatihan lain, atau minta manajemen pelaksana memulihkan yang ini.",
    ),
    RunRefusal.RUN_NOT_FOUND: text(
        "There is no such run, or none that you may do this with.",
        "Jadwal itu tidak ada, atau bukan jadwal yang boleh Anda olah.",
        "Check the id; `runs` of a course lists them.",
        "Periksa id-nya; `runs` pada pelatihan memuatnya.",
    ),
    RunRefusal.REGION_NOT_FOUND: text(
        "No regency or city has this code today.",
        "Tidak ada kabupaten atau kota dengan kode ini sekarang.",
        "Take a code from `regions`; a province alone is too wide.",
        "Ambil kode dari `regions`; provinsi saja terlalu luas.",
    ),
    RunRefusal.WRONG_STATE: text(
        "This cannot be done with a run that is {state}.",
        "Hal ini tidak dapat dilakukan pada jadwal berstatus {state}.",
        "It is possible in these states: {possible}.",
        "Hal ini dapat dilakukan pada status: {possible}.",
    ),
    RunRefusal.SEATS_SOLD: text(
        "{seats_taken} participants bought these dates in this place.",
        "{seats_taken} peserta sudah membeli tanggal dan tempat ini.",
        "Only `seats` and `venue` may change now. For all else cancel the run: who paid is paid back.",
        "Kini hanya `seats` dan `venue` yang boleh berubah. Selain itu, batalkan jadwal: uang kembali.",
    ),
    RunRefusal.CODE_TAKEN: text(
        "Another run of the course has this code.",
        "Jadwal lain dari pelatihan ini sudah memakai kode ini.",
        "Choose another code, or edit the run that has it.",
        "Pilih kode lain, atau ubah jadwal yang memakainya.",
    ),
    RunRefusal.PLACE_MISSING: text(
        "A run in a place needs both its region and its address.",
        "Jadwal tatap muka memerlukan wilayah dan alamat.",
        "Give `region` and `venue` together.",
        "Isi `region` dan `venue` bersama-sama.",
    ),
    RunRefusal.PLACE_UNWANTED: text(
        "The course is taught online, so a run has no place.",
        "Pelatihan ini daring, jadi jadwalnya tidak bertempat.",
        "Leave `region` and `venue` out.",
        "Kosongkan `region` dan `venue`.",
    ),
    RunRefusal.STARTS_IN_PAST: text(
        "The run would start in the past.",
        "Jadwal akan mulai di masa lalu.",
        "Choose a start that is still to come.",
        "Pilih waktu mulai yang akan datang.",
    ),
    RunRefusal.BAD_TIMES: text(
        "The end lies before the start, or more than {days_max} days after it.",
        "Waktu selesai mendahului waktu mulai, atau lebih dari {days_max} hari sesudahnya.",
        "Let it end after its start.",
        "Isi waktu selesai sesudah waktu mulai.",
    ),
    RunRefusal.BAD_SEATS: text(
        "A run has 1 to {seats_max} seats.",
        "Jadwal memiliki 1 sampai {seats_max} kursi.",
        "Give how many can take part.",
        "Isi berapa orang dapat ikut.",
    ),
    RunRefusal.SEATS_BELOW_TAKEN: text(
        "{seats_taken} seats are taken already.",
        "{seats_taken} kursi sudah terisi.",
        "Give no fewer seats than that.",
        "Isi kursi tidak kurang dari itu.",
    ),
    RunRefusal.TOO_MANY_SESSIONS: text(
        "A run has at most {sessions_max} sessions.",
        "Jadwal memiliki paling banyak {sessions_max} pertemuan.",
        "Put short meetings of a day together.",
        "Gabungkan pertemuan singkat dalam satu hari.",
    ),
    RunRefusal.SESSION_OUTSIDE_RUN: text(
        "The session lies outside of the run.",
        "Pertemuan berada di luar jadwal.",
        "Move the session, or the run's `startsAt` and `endsAt`.",
        "Pindahkan pertemuan, atau `startsAt` dan `endsAt` jadwalnya.",
    ),
    RunRefusal.SESSIONS_OVERLAP: text(
        "The session begins before the one above it has ended.",
        "Pertemuan mulai sebelum pertemuan sebelumnya selesai.",
        "Give the sessions in the order of time, one after the other.",
        "Urutkan pertemuan menurut waktu, satu demi satu.",
    ),
}
