"""What marketplaces are told when a course may not stand on their shelf so."""

from rules.listings import ListingRefusal
from rules.messages.texts import CONFLICT, Texts, text

TEXTS: Texts = {
    ListingRefusal.CONFLICT: CONFLICT,
    ListingRefusal.COURSE_NOT_FOUND: text(
        "There is no such course.",
        "Pelatihan itu tidak ada.",
        "Take an id from `courses`.",
        "Ambil id dari `courses`.",
    ),
    ListingRefusal.LISTING_NOT_FOUND: text(
        "There is no such listing of yours.",
        "Penawaran Anda itu tidak ada.",
        "Take an id from `myListings`.",
        "Ambil id dari `myListings`.",
    ),
    ListingRefusal.COURSE_NOT_ON_SALE: text(
        "The course is {state}, and only what is PUBLISHED is sold.",
        "Pelatihan ini berstatus {state}, sedangkan hanya yang PUBLISHED yang dijual.",
        "Choose a course from `courses`, or wait until this one is on offer again.",
        "Pilih pelatihan dari `courses`, atau tunggu sampai yang ini ditawarkan kembali.",
    ),
    ListingRefusal.MARKETPLACE_NOT_PUBLISHED: text(
        "The marketplace itself is not admitted to the programme now.",
        "Platform Anda sedang tidak terdaftar aktif dalam program.",
        "Ask the programme office about the marketplace's own standing.",
        "Tanyakan status platform kepada manajemen pelaksana.",
    ),
    ListingRefusal.OWN_COURSE: text(
        "The institution belongs to the marketplace's own group, and nobody sells his own courses.",
        "Lembaga ini satu kelompok usaha dengan platform, dan tidak ada yang boleh menjual pelatihannya sendiri.",
        "Leave the course to other marketplaces.",
        "Serahkan pelatihan ini kepada platform lain.",
    ),
    ListingRefusal.ALREADY_LISTED: text(
        "The course is on your shelf already.",
        "Pelatihan ini sudah Anda tawarkan.",
        "Change its terms with `editListing`.",
        "Ubah ketentuannya dengan `editListing`.",
    ),
    ListingRefusal.NOT_LISTED: text(
        "The course is not on your shelf now.",
        "Pelatihan ini sedang tidak Anda tawarkan.",
        "Offer it with `listCourse`.",
        "Tawarkan dengan `listCourse`.",
    ),
    ListingRefusal.LISTING_SUSPENDED: text(
        "The programme has taken the listing off.",
        "Program telah menurunkan penawaran ini.",
        "Ask the programme office; nothing can be changed meanwhile.",
        "Tanyakan kepada manajemen pelaksana; sementara itu tidak ada yang dapat diubah.",
    ),
    ListingRefusal.COMMISSION_TOO_HIGH: text(
        "A commission is 0 to {commission_max_bp} basis points of the price (Permenko 11/2020).",
        "Komisi adalah 0 sampai {commission_max_bp} basis poin dari harga (Permenko 11/2020).",
        "Agree on a commission within these bounds.",
        "Sepakati komisi dalam batas itu.",
    ),
    ListingRefusal.BAD_LINK: text(
        "The link is no absolute https address of at most {length_max} plain characters.",
        "Tautan bukan alamat https mutlak dengan paling banyak {length_max} karakter biasa.",
        "Give the address of the course's page, such as https://pasar.example/kursus/1.",
        "Isi alamat halaman pelatihan, misalnya https://pasar.example/kursus/1.",
    ),
}
