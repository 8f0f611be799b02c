"""Applications, the grants that people give them, and the codes and tokens issued under a grant."""

from alembic import op

revision = "0009_clients_and_grants"
down_revision = "0008_people"
branch_labels = None
depends_on = None

CLIENTS = """
CREATE TABLE clients (
    id uuid DEFAULT uuidv7() NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    organisation_id uuid,
    role text,
    kind text NOT NULL,
    state text NOT NULL,
    sandbox boolean NOT NULL,
    auth_method text NOT NULL,
    grant_types text[] NOT NULL,
    scopes text[] NOT NULL,
    redirect_uris text[] NOT NULL,
    dpop_required boolean NOT NULL,
    fapi2 boolean NOT NULL,
    registration_hash bytea,
    created_at timestamptz DEFAULT now() NOT NULL,
    ended_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT clients_role_known CHECK (
        role IN ('PARTICIPANT', 'INSTITUTION', 'MARKETPLACE', 'PAYER', 'OFFICER', 'AUDITOR')
    ),
    CONSTRAINT clients_kind_known CHECK (kind IN ('PUBLIC', 'CONFIDENTIAL')),
    CONSTRAINT clients_state_known CHECK (state IN ('SANDBOX', 'LIVE', 'SUSPENDED', 'REVOKED')),
    CONSTRAINT clients_auth_method_known CHECK (
        auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')
    ),
    CONSTRAINT clients_role_of_partner CHECK (role IN ('INSTITUTION', 'MARKETPLACE', 'PAYER')),
    CONSTRAINT clients_role_with_organisation CHECK ((organisation_id IS NULL) = (role IS NULL)),
    CONSTRAINT clients_public_without_secret CHECK ((kind = 'PUBLIC') = (auth_method = 'none')),
    CONSTRAINT clients_sandbox_fits_state CHECK (state <> CASE WHEN sandbox THEN 'LIVE' ELSE 'SANDBOX' END),
    CONSTRAINT clients_fapi2_profile CHECK (NOT fapi2 OR (auth_method = 'private_key_jwt' AND dpop_required)),
    CONSTRAINT clients_code_unique UNIQUE (code),
    CONSTRAINT clients_organisation_fk FOREIGN KEY (organisation_id) REFERENCES organisations (id)
)
"""

CLIENT_SECRETS = """
CREATE TABLE client_secrets (
    id uuid DEFAULT uuidv7() NOT NULL,
    client_id uuid NOT NULL,
    slot integer NOT NULL,
    hash bytea NOT NULL,
    hint text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT client_secrets_two_slots CHECK (slot IN (1, 2)),
    CONSTRAINT client_secrets_slot_once UNIQUE (client_id, slot),
    CONSTRAINT client_secrets_hash_unique UNIQUE (hash),
    CONSTRAINT client_secrets_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

CLIENT_KEYS = """
CREATE TABLE client_keys (
    id uuid DEFAULT uuidv7() NOT NULL,
    client_id uuid NOT NULL,
    slot integer NOT NULL,
    kid text NOT NULL,
    jwk jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT client_keys_two_slots CHECK (slot IN (1, 2)),
    CONSTRAINT client_keys_slot_once UNIQUE (client_id, slot),
    CONSTRAINT client_keys_kid_once UNIQUE (client_id, kid),
    CONSTRAINT client_keys_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

INVITATIONS = """
CREATE TABLE invitations (
    id uuid DEFAULT uuidv7() NOT NULL,
    organisation_id uuid NOT NULL,
    role text NOT NULL,
    sandbox boolean NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    client_id uuid,
    PRIMARY KEY (id),
    CONSTRAINT invitations_role_known CHECK (
        role IN ('PARTICIPANT', 'INSTITUTION', 'MARKETPLACE', 'PAYER', 'OFFICER', 'AUDITOR')
    ),
    CONSTRAINT invitations_role_of_partner CHECK (role IN ('INSTITUTION', 'MARKETPLACE', 'PAYER')),
    CONSTRAINT invitations_hash_unique UNIQUE (hash),
    CONSTRAINT invitations_organisation_fk FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT invitations_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

CONSENTS = """
CREATE TABLE consents (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    client_id uuid NOT NULL,
    scopes text[] NOT NULL,
    text_hash bytea NOT NULL,
    locale text NOT NULL,
    given_at timestamptz DEFAULT now() NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT consents_locale_known CHECK (locale IN ('id', 'en')),
    CONSTRAINT consents_person_fk FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT consents_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

GRANTS = """
CREATE TABLE grants (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    client_id uuid NOT NULL,
    post_id uuid,
    consent_id uuid,
    browser_session_id uuid,
    scopes text[] NOT NULL,
    audience text[] NOT NULL,
    methods text[] NOT NULL,
    authenticated_at timestamptz NOT NULL,
    dpop_thumbprint text,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    PRIMARY KEY (id),
    CONSTRAINT grants_end_reason_known CHECK (
        end_reason IN ('WITHDRAWN', 'REVOKED', 'REUSED', 'SIGNED_OUT', 'CLIENT_ENDED', 'LEAKED')
    ),
    CONSTRAINT grants_person_fk FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT grants_client_fk FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT grants_post_fk FOREIGN KEY (post_id) REFERENCES posts (id),
    CONSTRAINT grants_consent_fk FOREIGN KEY (consent_id) REFERENCES consents (id),
    CONSTRAINT grants_browser_session_fk FOREIGN KEY (browser_session_id) REFERENCES browser_sessions (id)
)
"""

AUTHORIZATION_CODES = """
CREATE TABLE authorization_codes (
    hash bytea NOT NULL,
    grant_id uuid NOT NULL,
    client_id uuid NOT NULL,
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    nonce text,
    scopes text[] NOT NULL,
    dpop_thumbprint text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (hash),
    CONSTRAINT authorization_codes_grant_fk FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT authorization_codes_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

REFRESH_TOKENS = """
CREATE TABLE refresh_tokens (
    hash bytea NOT NULL,
    grant_id uuid NOT NULL,
    client_id uuid NOT NULL,
    dpop_thumbprint text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    successor_sealed bytea,
    PRIMARY KEY (hash),
    CONSTRAINT refresh_tokens_grant_fk FOREIGN KEY (grant_id) REFERENCES grants (id),
    CONSTRAINT refresh_tokens_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

PUSHED_REQUESTS = """
CREATE TABLE pushed_requests (
    hash bytea NOT NULL,
    client_id uuid NOT NULL,
    parameters jsonb NOT NULL,
    dpop_thumbprint text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (hash),
    CONSTRAINT pushed_requests_client_fk FOREIGN KEY (client_id) REFERENCES clients (id)
)
"""

DEVICE_REQUESTS = """
CREATE TABLE device_requests (
    hash bytea NOT NULL,
    user_code_hash bytea NOT NULL,
    client_id uuid NOT NULL,
    scopes text[] NOT NULL,
    audience text[] NOT NULL,
    dpop_thumbprint text,
    state text NOT NULL,
    grant_id uuid,
    interval_s integer NOT NULL,
    polled_at timestamptz,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT device_requests_state_known CHECK (state IN ('PENDING', 'APPROVED', 'DENIED', 'SPENT')),
    CONSTRAINT device_requests_user_code_unique UNIQUE (user_code_hash),
    CONSTRAINT device_requests_client_fk FOREIGN KEY (client_id) REFERENCES clients (id),
    CONSTRAINT device_requests_grant_fk FOREIGN KEY (grant_id) REFERENCES grants (id)
)
"""

SPENT_PROOFS = """
CREATE TABLE spent_proofs (
    hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (hash)
)
"""

SIGNING_KEYS = """
CREATE TABLE signing_keys (
    kid text NOT NULL,
    algorithm text NOT NULL,
    public_jwk jsonb NOT NULL,
    private_sealed bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    signs_from timestamptz NOT NULL,
    published_until timestamptz NOT NULL,
    PRIMARY KEY (kid)
)
"""

INDEXES = (
    "CREATE INDEX clients_by_organisation ON clients (organisation_id, id)",
    "CREATE UNIQUE INDEX clients_name_once ON clients (organisation_id, sandbox, name) WHERE state <> 'REVOKED'",
    "CREATE INDEX invitations_by_organisation ON invitations (organisation_id, id)",
    "CREATE INDEX consents_by_client ON consents (client_id)",
    "CREATE INDEX consents_by_person ON consents (person_id, id)",
    "CREATE INDEX grants_by_client ON grants (client_id)",
    "CREATE INDEX grants_by_consent ON grants (consent_id)",
    "CREATE INDEX grants_by_end ON grants (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX grants_by_person ON grants (person_id, id)",
    "CREATE INDEX grants_by_session ON grants (browser_session_id)",
    "CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at)",
    "CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)",
    "CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id)",
    "CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at)",
    "CREATE INDEX device_requests_by_expiry ON device_requests (expires_at)",
    "CREATE INDEX spent_proofs_by_expiry ON spent_proofs (expires_at)",
    "CREATE INDEX signing_keys_by_start ON signing_keys (signs_from)",
)

TABLES = (
    CLIENTS,
    CLIENT_SECRETS,
    CLIENT_KEYS,
    INVITATIONS,
    CONSENTS,
    GRANTS,
    AUTHORIZATION_CODES,
    REFRESH_TOKENS,
    PUSHED_REQUESTS,
    DEVICE_REQUESTS,
    SPENT_PROOFS,
    SIGNING_KEYS,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    op.execute(
        "DROP TABLE signing_keys, spent_proofs, device_requests, pushed_requests, refresh_tokens, "
        "authorization_codes, grants, consents, invitations, client_keys, client_secrets, clients"
    )
