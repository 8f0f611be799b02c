"""Organisations, who owns them, and their roles: training institutions, marketplaces, payers."""

from alembic import op

revision = "0002_organisations"
down_revision = "0001_regions"
branch_labels = None
depends_on = None

STATES = "'DRAFT', 'SUBMITTED', 'CHANGES_REQUESTED', 'APPROVED', 'PUBLISHED', 'SUSPENDED', 'RETIRED'"

ORGANISATIONS = """
CREATE TABLE organisations (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    legal_name text NOT NULL,
    ownership text NOT NULL,
    region_id uuid NOT NULL CONSTRAINT organisations_region_fk REFERENCES regions (id),
    CONSTRAINT organisations_ownership_known CHECK (
        ownership IN ('PRIVATE', 'STATE_ENTERPRISE', 'REGIONAL_ENTERPRISE', 'CENTRAL_GOVERNMENT', 'LOCAL_GOVERNMENT')
    )
)
"""

SHAREHOLDINGS = """
CREATE TABLE shareholdings (
    owner_id uuid NOT NULL CONSTRAINT shareholdings_owner_fk REFERENCES organisations (id),
    owned_id uuid NOT NULL CONSTRAINT shareholdings_owned_fk REFERENCES organisations (id),
    share_bp integer NOT NULL,
    CONSTRAINT shareholdings_not_itself CHECK (owner_id <> owned_id),
    CONSTRAINT shareholdings_share_range CHECK (share_bp BETWEEN 1 AND 10000),
    PRIMARY KEY (owner_id, owned_id)
)
"""

PROVIDERS = f"""
CREATE TABLE providers (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL CONSTRAINT providers_organisation_fk REFERENCES organisations (id),
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    region_id uuid NOT NULL CONSTRAINT providers_region_fk REFERENCES regions (id),
    about text NOT NULL,
    state text NOT NULL,
    published_at timestamptz,
    CONSTRAINT providers_type_known CHECK (
        type IN (
            'LKP', 'LPK', 'BLK', 'BLK_KOMUNITAS', 'POLITEKNIK', 'UNIVERSITAS', 'YAYASAN', 'PT', 'KOPERASI',
            'PESANTREN', 'BUMN_ACADEMY'
        )
    ),
    CONSTRAINT providers_state_known CHECK (state IN ({STATES})),
    CONSTRAINT providers_published_has_time CHECK (state <> 'PUBLISHED' OR published_at IS NOT NULL),
    CONSTRAINT providers_once_per_organisation UNIQUE (organisation_id),
    CONSTRAINT providers_code_unique UNIQUE (code)
)
"""

MARKETPLACES = f"""
CREATE TABLE marketplaces (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL CONSTRAINT marketplaces_organisation_fk REFERENCES organisations (id),
    code text NOT NULL,
    name text NOT NULL,
    website text NOT NULL,
    state text NOT NULL,
    published_at timestamptz,
    CONSTRAINT marketplaces_state_known CHECK (state IN ({STATES})),
    CONSTRAINT marketplaces_published_has_time CHECK (state <> 'PUBLISHED' OR published_at IS NOT NULL),
    CONSTRAINT marketplaces_once_per_organisation UNIQUE (organisation_id),
    CONSTRAINT marketplaces_code_unique UNIQUE (code)
)
"""

PAYERS = f"""
CREATE TABLE payers (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL CONSTRAINT payers_organisation_fk REFERENCES organisations (id),
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    CONSTRAINT payers_kind_known CHECK (kind IN ('BANK', 'E_WALLET')),
    CONSTRAINT payers_state_known CHECK (state IN ({STATES})),
    CONSTRAINT payers_once_per_organisation UNIQUE (organisation_id),
    CONSTRAINT payers_code_unique UNIQUE (code)
)
"""


def upgrade() -> None:
    """Make room for legal entities, the shares between them, and one role of each kind per entity."""
    op.execute(ORGANISATIONS)
    op.execute("CREATE INDEX organisations_by_region ON organisations (region_id)")
    op.execute(SHAREHOLDINGS)
    op.execute("CREATE INDEX shareholdings_by_owned ON shareholdings (owned_id)")
    op.execute(PROVIDERS)
    op.execute("CREATE INDEX providers_by_name ON providers (name, id)")
    op.execute("CREATE INDEX providers_by_region ON providers (region_id)")
    op.execute(MARKETPLACES)
    op.execute("CREATE INDEX marketplaces_by_name ON marketplaces (name, id)")
    op.execute(PAYERS)


def downgrade() -> None:
    """Lose all organisations and their roles."""
    op.execute("DROP TABLE payers")
    op.execute("DROP TABLE marketplaces")
    op.execute("DROP TABLE providers")
    op.execute("DROP TABLE shareholdings")
    op.execute("DROP TABLE organisations")
