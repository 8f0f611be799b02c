"""Each constraint is broken once and is known by its name."""

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

if TYPE_CHECKING:
    from conftest import Rows

Values = dict[str, Any]

NOBODY = UUID(int=0)
NOON = datetime.fromisoformat("2026-03-02T12:00:00Z")
SOON = NOON + timedelta(hours=1)

CHECKS: list[tuple[str, str, Values]] = [
    ("regions_level_known", "regions", {"code": "32.73", "level": "DISTRICT", "parent_id": "regions"}),
    ("regions_time_zone_known", "regions", {"time_zone": "CET"}),
    ("regions_code_form", "regions", {"code": "9A"}),
    ("regions_parent_unless_province", "regions", {"code": "32.73", "level": "CITY"}),
    ("regions_code_fits_level", "regions", {"code": "32.73"}),
    ("regions_validity_order", "regions", {"valid_to": date(2015, 1, 1)}),
    ("categories_code_form", "categories", {"code": "Bahasa Asing"}),
    ("organisations_ownership_known", "organisations", {"ownership": "CROWN"}),
    ("shareholdings_share_range", "shareholdings", {"share_bp": 10_001}),
    ("providers_type_known", "providers", {"type": "SCHOOL"}),
    ("providers_state_known", "providers", {"state": "GONE"}),
    ("providers_published_has_time", "providers", {"state": "PUBLISHED"}),
    ("marketplaces_state_known", "marketplaces", {"state": "GONE"}),
    ("marketplaces_published_has_time", "marketplaces", {"state": "PUBLISHED"}),
    ("payers_kind_known", "payers", {"kind": "CASH"}),
    ("payers_state_known", "payers", {"state": "GONE"}),
    ("courses_mode_known", "courses", {"mode": "POST"}),
    ("courses_level_known", "courses", {"level": "GURU"}),
    ("courses_state_known", "courses", {"state": "GONE"}),
    ("courses_education_min_known", "courses", {"education_min": "TK"}),
    ("courses_hours_range", "courses", {"hours": 401}),
    ("courses_price_positive", "courses", {"price": 0}),
    ("courses_price_at_most_outside", "courses", {"price": 350_001}),
    ("courses_age_range", "courses", {"age_min": 65}),
    ("courses_rating_figures", "courses", {"rating_count": 2, "rating_sum": 11}),
    ("courses_participants_not_negative", "courses", {"participant_count": -1}),
    ("courses_revision_positive", "courses", {"revision": 0}),
    ("courses_sandbox_never_public", "courses", {"sandbox": True, "state": "PUBLISHED", "published_at": NOON}),
    ("course_decisions_decision_known", "course_decisions", {"decision": "MAYBE"}),
    ("course_decisions_reasons_known", "course_decisions", {"reasons": ["MOOD"]}),
    ("course_decisions_no_has_reason", "course_decisions", {"decision": "SUSPENDED"}),
    ("runs_of_public_course", "runs", {"state": "RUNNING"}),
    ("runs_cancel_reason_known", "runs", {"state": "CANCELLED", "cancel_reason": "RAIN"}),
    ("runs_reason_when_cancelled", "runs", {"cancel_reason": "FORCE_MAJEURE"}),
    ("listings_sandbox_never_public", "listings", {"sandbox": True, "state": "RETIRED"}),
    ("listings_of_public_course", "listings", {"state": "PUBLISHED"}),
    ("courses_published_has_time", "courses", {"state": "PUBLISHED"}),
    ("runs_state_known", "runs", {"state": "GONE"}),
    ("runs_time_order", "runs", {"ends_at": NOON}),
    ("runs_seats_positive", "runs", {"seats": 0}),
    ("runs_seats_not_oversold", "runs", {"seats_taken": 31}),
    ("runs_venue_with_region", "runs", {"venue": "Aula"}),
    ("runs_place_fits_mode", "runs", {"venue": "Aula", "region_id": "regions"}),
    ("sessions_time_order", "sessions", {"starts_at": SOON, "ends_at": SOON}),
    ("sessions_position_range", "sessions", {"position": 999}),
    ("sessions_inside_run", "sessions", {"starts_at": NOON - timedelta(seconds=1)}),
    ("listings_state_known", "listings", {"state": "GONE"}),
    ("listings_commission_capped", "listings", {"commission_bp": 1_501}),
    ("ratings_stars_range", "ratings", {"stars": 6}),
    ("people_state_known", "people", {"state": "GONE"}),
    ("people_locale_known", "people", {"locale": "fr"}),
    ("person_keys_version_range", "person_keys", {"version": 256}),
    ("contacts_kind_known", "contacts", {"kind": "FAX"}),
    ("contact_indexes_hash_length", "contact_indexes", {"hash": b"short"}),
    ("posts_role_known", "posts", {"role": "KING", "organisation_id": "organisations"}),
    ("posts_role_not_participant", "posts", {"role": "PARTICIPANT", "organisation_id": "organisations"}),
    ("posts_organisation_fits_role", "posts", {"role": "INSTITUTION"}),
    ("one_time_codes_tries_range", "one_time_codes", {"tries": 6}),
    ("password_links_locale_known", "password_links", {"locale": "fr"}),
    ("clients_role_known", "clients", {"role": "KING", "organisation_id": "organisations"}),
    ("clients_role_of_partner", "clients", {"role": "OFFICER", "organisation_id": "organisations"}),
    ("clients_role_with_organisation", "clients", {"role": "PAYER"}),
    ("clients_kind_known", "clients", {"kind": "SECRET"}),
    ("clients_state_known", "clients", {"state": "GONE"}),
    ("clients_auth_method_known", "clients", {"auth_method": "password"}),
    ("clients_public_without_secret", "clients", {"kind": "PUBLIC"}),
    ("clients_sandbox_fits_state", "clients", {"state": "SANDBOX"}),
    ("clients_fapi2_profile", "clients", {"fapi2": True}),
    ("client_secrets_two_slots", "client_secrets", {"slot": 3}),
    ("client_keys_two_slots", "client_keys", {"slot": 3}),
    ("invitations_role_known", "invitations", {"role": "KING"}),
    ("invitations_role_of_partner", "invitations", {"role": "AUDITOR"}),
    ("consents_locale_known", "consents", {"locale": "fr"}),
    ("grants_end_reason_known", "grants", {"end_reason": "BORED"}),
    ("device_requests_state_known", "device_requests", {"state": "LOST"}),
    ("idempotency_key_length", "idempotency", {"key": ""}),
    ("idempotency_digest_length", "idempotency", {"digest": b"short"}),
    ("events_kind_form", "events", {"kind": "submitted"}),
    ("event_counter_one_row", "event_counter", {"one_row": False}),
    ("audit_events_action_form", "audit_events", {"action": "Submitted"}),
    ("audit_events_role_known", "audit_events", {"role": "KING"}),
    ("jobs_attempts_not_negative", "jobs", {"attempts": -1}),
    ("jobs_every_positive", "jobs", {"every_s": 0}),
]

UNIQUES: list[tuple[str, str, Values]] = [
    ("regions_code_once_per_start", "regions", {"code": "32", "valid_to": date(2016, 1, 1)}),
    ("regions_code_valid_now", "regions", {"code": "32"}),
    ("regions_periods_apart", "regions", {"code": "32", "valid_to": date(2016, 1, 1)}),
    ("categories_code_unique", "categories", {"code": "bahasa-asing"}),
    ("categories_position_unique", "categories", {"position": 7}),
    ("providers_once_per_organisation", "providers", {"organisation_id": "organisations"}),
    ("providers_code_unique", "providers", {"code": "LKP-1"}),
    ("marketplaces_once_per_organisation", "marketplaces", {"organisation_id": "organisations"}),
    ("marketplaces_code_unique", "marketplaces", {"code": "PASAR"}),
    ("payers_once_per_organisation", "payers", {"organisation_id": "organisations"}),
    ("payers_code_unique", "payers", {"code": "BANK"}),
    ("courses_code_unique", "courses", {"code": "KURSUS"}),
    ("courses_own_code_once_per_provider", "courses", {"provider_id": "providers", "own_code": "A"}),
    ("runs_code_once_per_course", "runs", {"course_id": "courses", "code": "A"}),
    ("sessions_position_once_per_run", "sessions", {"run_id": "runs", "position": 1}),
    ("listings_once_per_marketplace", "listings", {"course_id": "courses", "marketplace_id": "marketplaces"}),
    ("contacts_one_of_a_kind", "contacts", {"person_id": "people"}),
    ("posts_once", "posts", {"person_id": "people"}),
    ("browser_sessions_hash_unique", "browser_sessions", {"hash": b"cookie"}),
    ("passkeys_credential_unique", "passkeys", {"credential_id": b"credential"}),
    ("clients_code_unique", "clients", {"code": "lapak"}),
    (
        "clients_name_once",
        "clients",
        {"organisation_id": "organisations", "role": "PAYER", "name": "Lapak", "state": "LIVE", "sandbox": False},
    ),
    ("client_secrets_slot_once", "client_secrets", {"client_id": "clients"}),
    ("client_secrets_hash_unique", "client_secrets", {"hash": b"secret"}),
    ("client_keys_slot_once", "client_keys", {"client_id": "clients"}),
    ("client_keys_kid_once", "client_keys", {"client_id": "clients", "kid": "a"}),
    ("invitations_hash_unique", "invitations", {"hash": b"invitation"}),
    ("device_requests_user_code_unique", "device_requests", {"user_code_hash": b"code"}),
    ("jobs_once_per_key", "jobs", {"dedupe_key": "today"}),
    ("jobs_repeated_once", "jobs", {"every_s": 60}),
]

SECOND: dict[str, Values] = {
    "regions_code_valid_now": {"valid_from": date(2016, 1, 1)},
    "regions_periods_apart": {"valid_from": date(2015, 12, 31), "valid_to": date(2017, 1, 1)},
    "client_keys_kid_once": {"slot": 2},
}
"""What the second row has otherwise, where two equal rows would break another constraint first."""

REFERENCES: list[tuple[str, str, str]] = [
    ("regions_parent_fk", "regions", "parent_id"),
    ("region_successions_predecessor_fk", "region_successions", "predecessor_id"),
    ("region_successions_successor_fk", "region_successions", "successor_id"),
    ("organisations_region_fk", "organisations", "region_id"),
    ("shareholdings_owner_fk", "shareholdings", "owner_id"),
    ("shareholdings_owned_fk", "shareholdings", "owned_id"),
    ("providers_organisation_fk", "providers", "organisation_id"),
    ("providers_region_fk", "providers", "region_id"),
    ("marketplaces_organisation_fk", "marketplaces", "organisation_id"),
    ("payers_organisation_fk", "payers", "organisation_id"),
    ("courses_provider_fk", "courses", "provider_id"),
    ("courses_category_fk", "courses", "category_id"),
    ("runs_course_fk", "runs", "course_id"),
    ("course_decisions_course_fk", "course_decisions", "course_id"),
    ("runs_region_fk", "runs", "region_id"),
    ("sessions_run_fk", "sessions", "run_id"),
    ("listings_marketplace_fk", "listings", "marketplace_id"),
    ("listings_course_fk", "listings", "course_id"),
    ("ratings_course_fk", "ratings", "course_id"),
    ("person_keys_person_fk", "person_keys", "person_id"),
    ("contacts_person_fk", "contacts", "person_id"),
    ("contact_indexes_contact_fk", "contact_indexes", "contact_id"),
    ("posts_person_fk", "posts", "person_id"),
    ("posts_organisation_fk", "posts", "organisation_id"),
    ("sign_ins_person_fk", "sign_ins", "person_id"),
    ("one_time_codes_person_fk", "one_time_codes", "person_id"),
    ("one_time_codes_contact_fk", "one_time_codes", "contact_id"),
    ("devices_person_fk", "devices", "person_id"),
    ("browser_sessions_person_fk", "browser_sessions", "person_id"),
    ("passkeys_person_fk", "passkeys", "person_id"),
    ("authenticators_person_fk", "authenticators", "person_id"),
    ("clients_organisation_fk", "clients", "organisation_id"),
    ("client_secrets_client_fk", "client_secrets", "client_id"),
    ("client_keys_client_fk", "client_keys", "client_id"),
    ("invitations_organisation_fk", "invitations", "organisation_id"),
    ("invitations_client_fk", "invitations", "client_id"),
    ("consents_person_fk", "consents", "person_id"),
    ("consents_client_fk", "consents", "client_id"),
    ("grants_person_fk", "grants", "person_id"),
    ("grants_client_fk", "grants", "client_id"),
    ("grants_post_fk", "grants", "post_id"),
    ("grants_consent_fk", "grants", "consent_id"),
    ("grants_browser_session_fk", "grants", "browser_session_id"),
    ("authorization_codes_grant_fk", "authorization_codes", "grant_id"),
    ("authorization_codes_client_fk", "authorization_codes", "client_id"),
    ("refresh_tokens_grant_fk", "refresh_tokens", "grant_id"),
    ("refresh_tokens_client_fk", "refresh_tokens", "client_id"),
    ("pushed_requests_client_fk", "pushed_requests", "client_id"),
    ("device_requests_client_fk", "device_requests", "client_id"),
    ("device_requests_grant_fk", "device_requests", "grant_id"),
]

ALONE = {
    "shareholdings_not_itself",
    "region_successions_not_itself",
    "shareholdings_at_most_whole",
    "listings_not_own_courses",
    "audit_events_kept",
    "course_decisions_kept",
    "courses_stay_public",
    "events_seq",
}
"""Broken by tests of their own, below and in the files of own courses, the life of courses, the audit and events."""


async def made(rows: "Rows", values: Values) -> Values:
    """Return ``values`` with a new row's key in place of each table's name."""
    return {
        column: await rows.add(value) if column.endswith("_id") and isinstance(value, str) else value
        for column, value in values.items()
    }


@pytest.mark.parametrize(("constraint", "table", "values"), CHECKS, ids=[name for name, _, _ in CHECKS])
async def test_a_wrong_value_is_refused(constraint: str, table: str, values: Values, rows: "Rows") -> None:
    wrong = await made(rows, values)

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.add(table, **wrong)

    assert refused.value.constraint_name == constraint
    # PostgreSQL names the month's part where a table has parts.
    assert re.sub(r"_\d{4}_\d{2}$", "", refused.value.table_name or "") == table


@pytest.mark.parametrize(("constraint", "table", "values"), UNIQUES, ids=[name for name, _, _ in UNIQUES])
async def test_the_second_of_its_kind_is_refused(constraint: str, table: str, values: Values, rows: "Rows") -> None:
    twin = await made(rows, values)
    await rows.add(table, **twin)

    with pytest.raises((asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError)) as refused:
        await rows.add(table, **twin | SECOND.get(constraint, {}))

    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(("constraint", "table", "column"), REFERENCES, ids=[name for name, _, _ in REFERENCES])
async def test_a_row_of_nobody_is_refused(constraint: str, table: str, column: str, rows: "Rows") -> None:
    extra: Values = {"code": "32.73", "level": "CITY"} if column == "parent_id" else {}
    if constraint in {"posts_organisation_fk", "clients_organisation_fk"}:
        extra = {"role": "PAYER"}
    if constraint == "runs_region_fk":
        extra = {"venue": "Aula", "course_id": await rows.add("courses", mode="OFFLINE")}

    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await rows.add(table, **{column: NOBODY}, **extra)

    assert refused.value.constraint_name == constraint


async def test_nobody_owns_itself(rows: "Rows") -> None:
    organisation = await rows.add("organisations")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.add("shareholdings", owner_id=organisation, owned_id=organisation)

    assert refused.value.constraint_name == "shareholdings_not_itself"


async def test_no_region_succeeds_itself(rows: "Rows") -> None:
    region = await rows.add("regions")

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.add("region_successions", predecessor_id=region, successor_id=region)

    assert refused.value.constraint_name == "region_successions_not_itself"


async def test_a_code_may_be_given_again_from_the_day_it_ends(rows: "Rows") -> None:
    await rows.add("regions", code="32", valid_to=date(2022, 7, 25))

    await rows.add("regions", code="32", valid_from=date(2022, 7, 25))


async def test_a_commission_of_fifteen_per_cent_is_the_most(rows: "Rows") -> None:
    await rows.add("listings", commission_bp=1_500)


async def test_every_constraint_is_broken_by_a_test(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    declared = await connection.fetch(
        r"""
        SELECT conname AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x', 'f')
        UNION
        SELECT regexp_replace(indexrelid::regclass::text, '_\d{4}_\d{2}', '') FROM pg_index
        WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text NOT LIKE 'pg_%'
            AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        """
    )
    raised = await connection.fetch("SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    names = {row["name"] for row in declared}
    for row in raised:
        names.update(re.findall(r"CONSTRAINT = '(\w+)'", row["prosrc"]))

    assert names == ALONE | {name for name, *_ in (*CHECKS, *UNIQUES, *REFERENCES)}
