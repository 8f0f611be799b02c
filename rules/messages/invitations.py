"""What the programme office is told when an invitation is not made or taken back."""

from rules.invitations import InvitationRefusal
from rules.messages.texts import CONFLICT, Texts, text

TEXTS: Texts = {
    InvitationRefusal.CONFLICT: CONFLICT,
    InvitationRefusal.ORGANISATION_NOT_FOUND: text(
        "There is no such organisation.",
        "Organisasi itu tidak ada.",
        "Take the id of an `organisation` of a provider, marketplace or payer.",
        "Ambil id `organisation` dari lembaga, lokapasar, atau mitra pembayaran.",
    ),
    InvitationRefusal.ROLE_NOT_PLAYED: text(
        "The organisation does not act as {role}.",
        "Organisasi ini tidak berperan sebagai {role}.",
        "Choose INSTITUTION, MARKETPLACE or PAYER, as the organisation is known to the programme.",
        "Pilih INSTITUTION, MARKETPLACE, atau PAYER, sesuai peran organisasi dalam program.",
    ),
    InvitationRefusal.TOO_MANY_INVITATIONS: text(
        "The organisation has {invitations_max} open invitations, which is the most.",
        "Organisasi ini memiliki {invitations_max} undangan terbuka, jumlah terbanyak.",
        "Take back those that were lost with `revokeInvitation`.",
        "Tarik undangan yang hilang dengan `revokeInvitation`.",
    ),
    InvitationRefusal.INVITATION_NOT_FOUND: text(
        "There is no such invitation.",
        "Undangan itu tidak ada.",
        "Take an id from `invitations`.",
        "Ambil id dari `invitations`.",
    ),
    InvitationRefusal.INVITATION_OVER: text(
        "The invitation was used or has expired.",
        "Undangan ini sudah dipakai atau kedaluwarsa.",
        "If its application should not be there, revoke that with `revokeClient`.",
        "Bila aplikasinya tidak diinginkan, cabut dengan `revokeClient`.",
    ),
}
