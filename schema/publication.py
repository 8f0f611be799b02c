"""The state that everything partners publish is in."""

from engine.enums import describe
from rules.publication import PublicationState

describe(
    PublicationState,
    "Where an offer stands between a partner's draft and the public catalogue.",
    DRAFT="The partner is writing it.",
    SUBMITTED="The partner has sent it for review.",
    CHANGES_REQUESTED="The programme asks the partner for changes.",
    APPROVED="The programme has accepted it; it is not on offer yet.",
    PUBLISHED="On offer.",
    SUSPENDED="Taken off for now by the programme.",
    RETIRED="Taken off for good; kept so that old links still tell what it was.",
)
