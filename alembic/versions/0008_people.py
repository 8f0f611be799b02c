"""People who sign in, their posts, second factors, sessions, and the counters that slow guessing down."""

from alembic import op

revision = "0008_people"
down_revision = "0007_own_courses"
branch_labels = None
depends_on = None

PEOPLE = """
CREATE TABLE people (
    id uuid DEFAULT uuidv7() NOT NULL,
    name_sealed bytea,
    password_hash text,
    locale text NOT NULL,
    state text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT people_state_known CHECK (state IN ('ACTIVE', 'BLOCKED')),
    CONSTRAINT people_locale_known CHECK (locale IN ('id', 'en'))
)
"""

PERSON_KEYS = """
CREATE TABLE person_keys (
    person_id uuid NOT NULL,
    version integer NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (person_id),
    CONSTRAINT person_keys_version_range CHECK (version BETWEEN 1 AND 255),
    CONSTRAINT person_keys_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

CONTACTS = """
CREATE TABLE contacts (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    confirmed_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT contacts_kind_known CHECK (kind IN ('EMAIL', 'PHONE')),
    CONSTRAINT contacts_one_of_a_kind UNIQUE (person_id, kind),
    CONSTRAINT contacts_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

CONTACT_INDEXES = """
CREATE TABLE contact_indexes (
    hash bytea NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT contact_indexes_hash_length CHECK (length(hash) = 17),
    CONSTRAINT contact_indexes_contact_fk FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE
)
"""

POSTS = """
CREATE TABLE posts (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    organisation_id uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT posts_role_known CHECK (
        role IN ('PARTICIPANT', 'INSTITUTION', 'MARKETPLACE', 'PAYER', 'OFFICER', 'AUDITOR')
    ),
    CONSTRAINT posts_role_not_participant CHECK (role <> 'PARTICIPANT'),
    CONSTRAINT posts_organisation_fits_role CHECK ((role IN ('OFFICER', 'AUDITOR')) = (organisation_id IS NULL)),
    CONSTRAINT posts_once UNIQUE NULLS NOT DISTINCT (person_id, role, organisation_id),
    CONSTRAINT posts_person_fk FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT posts_organisation_fk FOREIGN KEY (organisation_id) REFERENCES organisations (id)
)
"""

SIGN_INS = """
CREATE TABLE sign_ins (
    hash bytea NOT NULL,
    person_id uuid NOT NULL,
    methods text[] NOT NULL,
    return_to text NOT NULL,
    challenge bytea,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT sign_ins_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

ONE_TIME_CODES = """
CREATE TABLE one_time_codes (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    hash bytea NOT NULL,
    tries integer DEFAULT '0' NOT NULL,
    sent_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    spent_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT one_time_codes_tries_range CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT one_time_codes_person_fk FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT one_time_codes_contact_fk FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE
)
"""

LINKS = """
CREATE TABLE password_links (
    hash bytea NOT NULL,
    contact_sealed bytea NOT NULL,
    locale text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (hash),
    CONSTRAINT password_links_locale_known CHECK (locale IN ('id', 'en'))
)
"""

ATTEMPTS = """
CREATE TABLE attempts (
    hash bytea NOT NULL,
    count integer NOT NULL,
    blocked_until timestamptz,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (hash)
)
 WITH (fillfactor = 85)
"""

DEVICES = """
CREATE TABLE devices (
    hash bytea NOT NULL,
    person_id uuid NOT NULL,
    last_seen_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT devices_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

BROWSER_SESSIONS = """
CREATE TABLE browser_sessions (
    id uuid DEFAULT uuidv7() NOT NULL,
    hash bytea NOT NULL,
    person_id uuid NOT NULL,
    methods text[] NOT NULL,
    device text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    authenticated_at timestamptz DEFAULT now() NOT NULL,
    last_seen_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT browser_sessions_hash_unique UNIQUE (hash),
    CONSTRAINT browser_sessions_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

PASSKEYS = """
CREATE TABLE passkeys (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_unique UNIQUE (credential_id),
    CONSTRAINT passkeys_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

AUTHENTICATORS = """
CREATE TABLE authenticators (
    person_id uuid NOT NULL,
    secret_sealed bytea NOT NULL,
    last_step bigint DEFAULT '0' NOT NULL,
    confirmed_at timestamptz,
    PRIMARY KEY (person_id),
    CONSTRAINT authenticators_person_fk FOREIGN KEY (person_id) REFERENCES people (id)
)
"""

INDEXES = (
    "CREATE INDEX contact_indexes_by_contact ON contact_indexes (contact_id)",
    "CREATE INDEX posts_by_organisation ON posts (organisation_id)",
    "CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at)",
    "CREATE INDEX one_time_codes_by_contact ON one_time_codes (contact_id)",
    "CREATE INDEX one_time_codes_by_expiry ON one_time_codes (expires_at)",
    "CREATE INDEX one_time_codes_by_person ON one_time_codes (person_id, sent_at)",
    "CREATE INDEX password_links_by_expiry ON password_links (expires_at)",
    "CREATE INDEX attempts_by_expiry ON attempts (expires_at)",
    "CREATE INDEX devices_by_age ON devices (last_seen_at)",
    "CREATE INDEX devices_by_person ON devices (person_id)",
    "CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at)",
    "CREATE INDEX browser_sessions_by_person ON browser_sessions (person_id, created_at)",
    "CREATE INDEX passkeys_by_person ON passkeys (person_id)",
)

TABLES = (
    PEOPLE,
    PERSON_KEYS,
    CONTACTS,
    CONTACT_INDEXES,
    POSTS,
    SIGN_INS,
    ONE_TIME_CODES,
    LINKS,
    ATTEMPTS,
    DEVICES,
    BROWSER_SESSIONS,
    PASSKEYS,
    AUTHENTICATORS,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    op.execute(
        "DROP TABLE authenticators, passkeys, browser_sessions, devices, attempts, password_links, one_time_codes, "
        "sign_ins, posts, contact_indexes, contacts, person_keys, people"
    )
