"""What organisations are told when something cannot be done with an application."""

from rules.clients import ClientRefusal
from rules.messages.texts import CONFLICT, Texts, text

TEXTS: Texts = {
    ClientRefusal.CONFLICT: CONFLICT,
    ClientRefusal.CLIENT_NOT_FOUND: text(
        "There is no such application, or none that you may do this with.",
        "Aplikasi itu tidak ada, atau bukan aplikasi yang boleh Anda kelola.",
        "Check the id. `clients` lists those of your organisation.",
        "Periksa id-nya. `clients` memuat aplikasi organisasi Anda.",
    ),
    ClientRefusal.SECRET_NOT_FOUND: text(
        "There is no such secret; it may be revoked already.",
        "Kunci rahasia itu tidak ada; mungkin sudah dicabut.",
        "Read `secrets` of the application for those that it has now.",
        "Baca `secrets` pada aplikasi untuk melihat yang masih dimilikinya.",
    ),
    ClientRefusal.KEY_NOT_FOUND: text(
        "There is no such key; it may be revoked already.",
        "Kunci publik itu tidak ada; mungkin sudah dicabut.",
        "Read `keys` of the application for those that it has now.",
        "Baca `keys` pada aplikasi untuk melihat yang masih dimilikinya.",
    ),
    ClientRefusal.NOT_A_PARTNER: text(
        "Applications belong to organisations, and this token acts for none.",
        "Aplikasi dimiliki oleh organisasi, sedangkan token ini tidak mewakili organisasi.",
        "Sign in with a post in your organisation. The office uses `inviteOrganisation`.",
        "Masuk dengan jabatan di organisasi Anda. Manajemen pelaksana memakai `inviteOrganisation`.",
    ),
    ClientRefusal.TOO_MANY_CLIENTS: text(
        "The organisation has {clients_max} applications, which is the most.",
        "Organisasi ini sudah memiliki {clients_max} aplikasi, jumlah terbanyak yang diperbolehkan.",
        "Revoke one that is not used any more; `lastUsedAt` tells.",
        "Cabut aplikasi yang tidak dipakai lagi; lihat `lastUsedAt`.",
    ),
    ClientRefusal.WRONG_STATE: text(
        "This cannot be done with an application that is {state}.",
        "Hal ini tidak dapat dilakukan pada aplikasi berstatus {state}.",
        "Read its `state`. What is suspended waits for the programme office; what is revoked stays so.",
        "Lihat `state`-nya. Yang ditangguhkan menunggu manajemen pelaksana; yang dicabut tetap dicabut.",
    ),
    ClientRefusal.BAD_NAME: text(
        "A name is one line of at most {length_max} characters that can be read, and does not sound like the "
        "programme itself.",
        "Nama adalah satu baris paling banyak {length_max} karakter yang dapat dibaca, dan tidak menyerupai nama "
        "program.",
        "Choose the name by which people know your product.",
        "Pilih nama produk yang dikenal orang.",
    ),
    ClientRefusal.NAME_TAKEN: text(
        "Another application of the organisation has this name.",
        "Aplikasi lain milik organisasi ini sudah memakai nama itu.",
        "Choose another name, or edit the application that has it.",
        "Pilih nama lain, atau ubah aplikasi yang memakainya.",
    ),
    ClientRefusal.BAD_REDIRECT_URIS: text(
        "Redirect URIs are at most {uris_max} absolute https addresses, each once, without fragment or wildcard; "
        "there must be some with the grant type AUTHORIZATION_CODE, and none without it.",
        "Alamat pengalihan adalah paling banyak {uris_max} alamat https lengkap, masing-masing sekali, tanpa fragmen "
        "atau wildcard; harus ada bila jenis izin AUTHORIZATION_CODE dipakai, dan tidak boleh ada bila tidak.",
        "Write each address in full. On your own machine use http://127.0.0.1 with a port, not localhost.",
        "Tulis setiap alamat secara lengkap. Di mesin sendiri pakai http://127.0.0.1 dengan port, bukan localhost.",
    ),
    ClientRefusal.SCOPE_NOT_ALLOWED: text(
        "An application of a {role} may not have this scope, or has it twice.",
        "Aplikasi {role} tidak boleh memiliki scope ini, atau scope ini ditulis dua kali.",
        "docs/scopes.md lists what each role may have.",
        "docs/scopes.md memuat scope untuk setiap peran.",
    ),
    ClientRefusal.GRANT_TYPE_NOT_ALLOWED: text(
        "These ways to a token do not fit together, or not to an application that is {kind}.",
        "Jenis izin ini tidak cocok satu sama lain, atau tidak cocok untuk aplikasi {kind}.",
        "PUBLIC applications take AUTHORIZATION_CODE, with or without REFRESH_TOKEN; only CONFIDENTIAL ones "
        "CLIENT_CREDENTIALS, and of those marketplaces also TOKEN_EXCHANGE.",
        "Aplikasi PUBLIC memakai AUTHORIZATION_CODE, dengan atau tanpa REFRESH_TOKEN; hanya aplikasi CONFIDENTIAL "
        "memakai CLIENT_CREDENTIALS, dan khusus lokapasar juga TOKEN_EXCHANGE.",
    ),
    ClientRefusal.AUTH_METHOD_NOT_ALLOWED: text(
        "The FAPI 2.0 profile wants PRIVATE_KEY_JWT and tokens that are bound to a key.",
        "Profil FAPI 2.0 mewajibkan PRIVATE_KEY_JWT dan token yang terikat pada kunci.",
        "Set `authMethod: PRIVATE_KEY_JWT` and `dpopRequired: true`, or leave `fapi2` out.",
        "Isi `authMethod: PRIVATE_KEY_JWT` dan `dpopRequired: true`, atau hilangkan `fapi2`.",
    ),
    ClientRefusal.NO_USE_FOR_SECRETS: text(
        "This application does not prove itself by a secret.",
        "Aplikasi ini tidak membuktikan dirinya dengan kunci rahasia.",
        "Read `authMethod`: with PRIVATE_KEY_JWT use `addClientKey`; NONE needs nothing.",
        "Lihat `authMethod`: untuk PRIVATE_KEY_JWT pakai `addClientKey`; NONE tidak memerlukan apa pun.",
    ),
    ClientRefusal.NO_USE_FOR_KEYS: text(
        "This application does not prove itself by a key.",
        "Aplikasi ini tidak membuktikan dirinya dengan kunci publik.",
        "Read `authMethod`: keys are for PRIVATE_KEY_JWT. With a secret use `addClientSecret`.",
        "Lihat `authMethod`: kunci publik untuk PRIVATE_KEY_JWT. Untuk kunci rahasia pakai `addClientSecret`.",
    ),
    ClientRefusal.TWO_SECRETS: text(
        "The application has two secrets, which is the most.",
        "Aplikasi ini sudah memiliki dua kunci rahasia, jumlah terbanyak.",
        "Revoke the older one with `revokeClientSecret` when nothing uses it any more.",
        "Cabut yang lebih lama dengan `revokeClientSecret` bila sudah tidak dipakai.",
    ),
    ClientRefusal.TWO_KEYS: text(
        "The application has two keys, which is the most.",
        "Aplikasi ini sudah memiliki dua kunci publik, jumlah terbanyak.",
        "Revoke the older one with `revokeClientKey` when nothing uses it any more.",
        "Cabut yang lebih lama dengan `revokeClientKey` bila sudah tidak dipakai.",
    ),
    ClientRefusal.OVERLAP_OUT_OF_RANGE: text(
        "The other secret may go on for 1 to {days_max} days.",
        "Kunci rahasia yang lain boleh tetap berlaku 1 sampai {days_max} hari.",
        "Give a number of days in this range, or null to let it stay.",
        "Isi jumlah hari dalam rentang itu, atau null agar tetap berlaku.",
    ),
    ClientRefusal.KEY_MALFORMED: text(
        "This is no JWK of a public key with a `kid`.",
        "Ini bukan JWK kunci publik yang memiliki `kid`.",
        "Send one JWK in JSON with `kty`, `kid` and the members of its kind, numbers in base64url without padding.",
        "Kirim satu JWK dalam JSON dengan `kty`, `kid`, dan anggota jenisnya; angka dalam base64url tanpa padding.",
    ),
    ClientRefusal.KEY_PRIVATE: text(
        "This is a private key, or a shared one. It has now left your hands: treat it as lost.",
        "Ini kunci privat atau kunci bersama. Kunci itu sudah keluar dari tangan Anda: anggap bocor.",
        "Make a new pair, keep the private part, and send the public one.",
        "Buat pasangan kunci baru, simpan bagian privatnya, dan kirim bagian publiknya.",
    ),
    ClientRefusal.KEY_UNFIT: text(
        "The key is too weak, of an unknown kind, or not for signing.",
        "Kunci ini terlalu lemah, jenisnya tidak dikenal, atau bukan untuk tanda tangan.",
        "Use EC P-256 (ES256), Ed25519, or RSA of 2048 bits or more (PS256).",
        "Pakai EC P-256 (ES256), Ed25519, atau RSA 2048 bit atau lebih (PS256).",
    ),
    ClientRefusal.KID_TAKEN: text(
        "The application has a key with this `kid`.",
        "Aplikasi ini sudah memiliki kunci dengan `kid` itu.",
        "Give each key a `kid` of its own, such as its thumbprint (RFC 7638).",
        "Beri setiap kunci `kid` sendiri, misalnya sidik jarinya (RFC 7638).",
    ),
}
