"""What institutions are told when a course may not be written so."""

from rules.courses import CourseRefusal
from rules.messages.texts import BAD_TEXT, CONFLICT, COURSE_NOT_FOUND, EDITED_SINCE, Texts, text

TEXTS: Texts = {
    CourseRefusal.CONFLICT: CONFLICT,
    CourseRefusal.BAD_TEXT: BAD_TEXT,
    CourseRefusal.COURSE_NOT_FOUND: COURSE_NOT_FOUND,
    CourseRefusal.EDITED_SINCE: EDITED_SINCE,
    CourseRefusal.CATEGORY_NOT_FOUND: text(
        "There is no such category.",
        "Kategori itu tidak ada.",
        "Take an id from `categories`.",
        "Ambil id dari `categories`.",
    ),
    CourseRefusal.WRONG_STATE: text(
        "This cannot be done with a course that is {state}.",
        "Hal ini tidak dapat dilakukan pada pelatihan berstatus {state}.",
        "It is possible in these states: {possible}. See `state`, and `decisions` for what the programme asks.",
        "Hal ini dapat dilakukan pada status: {possible}. Lihat `state`, dan `decisions` untuk permintaan program.",
    ),
    CourseRefusal.CONTENT_FIXED: text(
        "What was reviewed does not change any more: people buy by it, and certificates refer to it.",
        "Isi yang sudah ditinjau tidak berubah lagi: orang membeli berdasarkan isi itu dan sertifikat merujuk padanya.",
        "Change only `price`, `outsidePrice` and `ownCode`; for other content write a new course and retire this one.",
        "Ubah hanya `price`, `outsidePrice`, dan `ownCode`; untuk isi lain, tulis pelatihan baru.",
    ),
    CourseRefusal.PRICE_RAISED: text(
        "The price of a published course only falls; it is Rp{price_max} now.",
        "Harga pelatihan yang sudah terbit hanya boleh turun; kini Rp{price_max}.",
        "Keep the price or lower it; for a higher one write a new course.",
        "Pertahankan atau turunkan harganya; untuk harga lebih tinggi, tulis pelatihan baru.",
    ),
    CourseRefusal.INSTITUTION_NOT_PUBLISHED: text(
        "The institution itself is not admitted to the programme now.",
        "Lembaga Anda sedang tidak terdaftar aktif dalam program.",
        "Drafts are kept. Ask the programme office about the institution's own standing.",
        "Draf tetap tersimpan. Tanyakan status lembaga kepada manajemen pelaksana.",
    ),
    CourseRefusal.RUNS_NOT_OVER: text(
        "The course still has {runs} runs that are planned or being taught.",
        "Pelatihan ini masih memiliki {runs} jadwal yang direncanakan atau sedang berjalan.",
        "Wait until they are over, or cancel them with `cancelRun`.",
        "Tunggu sampai selesai, atau batalkan dengan `cancelRun`.",
    ),
    CourseRefusal.RUNS_NEED_MODE: text(
        "Runs are planned in places that the new mode has no use for, or without the place that it needs.",
        "Ada jadwal di tempat yang tidak sesuai dengan cara belajar yang baru, atau tanpa tempat yang diperlukan.",
        "Cancel those runs first, or keep the mode.",
        "Batalkan dahulu jadwal itu, atau pertahankan cara belajarnya.",
    ),
    CourseRefusal.TRIAL_ONLY: text(
        "What an application on trial wrote never goes on offer.",
        "Apa yang ditulis aplikasi uji coba tidak pernah ditawarkan.",
        "Write the course again with a live application.",
        "Tulis kembali pelatihannya dengan aplikasi yang sesungguhnya.",
    ),
    CourseRefusal.BAD_HOURS: text(
        "A course takes 1 to {hours_max} hours.",
        "Pelatihan berlangsung 1 sampai {hours_max} jam.",
        "Give the whole length in hours.",
        "Isi lama seluruh pelatihan dalam jam.",
    ),
    CourseRefusal.BAD_PRICE: text(
        "A price is Rp1 to Rp{price_max}.",
        "Harga adalah Rp1 sampai Rp{price_max}.",
        "Give the price in whole rupiah.",
        "Isi harga dalam rupiah bulat.",
    ),
    CourseRefusal.PRICE_ABOVE_OUTSIDE: text(
        "The price may not be higher than outside the programme, Rp{price_max}.",
        "Harga tidak boleh melebihi harga di luar program, Rp{price_max}.",
        "Lower `price` to what the public pays.",
        "Turunkan `price` menjadi setinggi-tingginya harga untuk umum.",
    ),
    CourseRefusal.BAD_SKILLS: text(
        "A course teaches 1 to {skills_max} skills, each named once, in at most {length_max} characters.",
        "Pelatihan mengajarkan 1 sampai {skills_max} keterampilan, masing-masing sekali, paling banyak {length_max} "
        "karakter.",
        "Name what a learner can do afterwards, without repeating.",
        "Sebutkan apa yang dapat dilakukan peserta sesudahnya, tanpa pengulangan.",
    ),
    CourseRefusal.BAD_AGES: text(
        "Ages are {age_min} to {age_max} years, the youngest first.",
        "Usia adalah {age_min} sampai {age_max} tahun, yang termuda lebih dahulu.",
        "Let `ageMin` be no more than `ageMax`, both in years.",
        "Isi `ageMin` tidak lebih dari `ageMax`, keduanya dalam tahun.",
    ),
    CourseRefusal.OWN_CODE_MISSING: text(
        "A row of a bulk write is known by `ownCode`, and this one has none.",
        "Baris penulisan massal dikenali dari `ownCode`, dan baris ini tidak memilikinya.",
        "Give each row the code that your own system has for the course.",
        "Beri setiap baris kode pelatihan dari sistem Anda sendiri.",
    ),
    CourseRefusal.OWN_CODE_TAKEN: text(
        "Another of your courses has this `ownCode`.",
        "Pelatihan Anda yang lain sudah memakai `ownCode` ini.",
        "Choose another code, or edit the course that has it.",
        "Pilih kode lain, atau ubah pelatihan yang memakainya.",
    ),
    CourseRefusal.OWN_CODE_TWICE: text(
        "Another row of this request has the same `ownCode`.",
        "Baris lain dalam permintaan ini memakai `ownCode` yang sama.",
        "Send one row for each course.",
        "Kirim satu baris untuk setiap pelatihan.",
    ),
    CourseRefusal.TOO_MANY_ROWS: text(
        "A bulk write has 1 to {rows_max} rows.",
        "Penulisan massal memuat 1 sampai {rows_max} baris.",
        "Send the rows in several requests, each with a key of its own.",
        "Kirim baris dalam beberapa permintaan, masing-masing dengan kuncinya sendiri.",
    ),
}
