"""What officers are told when a course may not be decided on so."""

from rules.decisions import DecisionRefusal
from rules.messages.texts import BAD_TEXT, CONFLICT, EDITED_SINCE, Texts, text

TEXTS: Texts = {
    DecisionRefusal.CONFLICT: CONFLICT,
    DecisionRefusal.BAD_TEXT: BAD_TEXT,
    DecisionRefusal.EDITED_SINCE: EDITED_SINCE,
    DecisionRefusal.COURSE_NOT_FOUND: text(
        "There is no such course.",
        "Pelatihan itu tidak ada.",
        "Take an id from `coursesToReview`.",
        "Ambil id dari `coursesToReview`.",
    ),
    DecisionRefusal.WRONG_STATE: text(
        "This cannot be decided on a course that is {state}; perhaps a colleague was faster.",
        "Keputusan ini tidak dapat dibuat untuk pelatihan berstatus {state}; mungkin rekan Anda lebih dahulu.",
        "It is possible in these states: {possible}. `decisions` tells what was decided.",
        "Hal ini dapat dilakukan pada status: {possible}. `decisions` memuat apa yang telah diputuskan.",
    ),
    DecisionRefusal.REASON_MISSING: text(
        "The institution must learn why.",
        "Lembaga harus mengetahui alasannya.",
        "Give at least one of `reasons`.",
        "Isi sekurangnya satu dari `reasons`.",
    ),
    DecisionRefusal.NOTE_MISSING: text(
        "OTHER alone tells nothing.",
        "OTHER saja tidak menjelaskan apa-apa.",
        "Say in `note` what it is.",
        "Jelaskan dalam `note`.",
    ),
}
