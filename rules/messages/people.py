"""What people are told when a consent is not withdrawn or a session not ended."""

from rules.browser_sessions import SessionRefusal
from rules.consents import ConsentRefusal
from rules.messages.texts import CONFLICT, Texts, text

CONSENTS: Texts = {
    ConsentRefusal.CONFLICT: CONFLICT,
    ConsentRefusal.CONSENT_NOT_FOUND: text(
        "There is no such consent of yours.",
        "Anda tidak memiliki persetujuan itu.",
        "Take an id from `me.consents`.",
        "Ambil id dari `me.consents`.",
    ),
    ConsentRefusal.ALREADY_WITHDRAWN: text(
        "This consent was withdrawn before; nothing is left to do.",
        "Persetujuan ini sudah dicabut sebelumnya; tidak ada yang perlu dilakukan lagi.",
        "See its `withdrawnAt`.",
        "Lihat `withdrawnAt`-nya.",
    ),
}

SESSIONS: Texts = {
    SessionRefusal.CONFLICT: CONFLICT,
    SessionRefusal.SESSION_NOT_FOUND: text(
        "There is no such session of yours; it may have ended.",
        "Anda tidak memiliki sesi itu; mungkin sudah berakhir.",
        "Read `me.sessions` for those that last.",
        "Baca `me.sessions` untuk melihat sesi yang masih berlaku.",
    ),
}
