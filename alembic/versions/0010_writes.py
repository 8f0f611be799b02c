"""Writes leave what follows from them: stored answers, events in an order, jobs, and an audit that nobody changes."""

from alembic import op

revision = "0010_writes"
down_revision = "0009_clients_and_grants"
branch_labels = None
depends_on = None

HOT = "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0"

IDEMPOTENCY = """
CREATE TABLE idempotency (
    caller uuid NOT NULL,
    key text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operation text NOT NULL,
    digest bytea NOT NULL,
    outcome jsonb,
    CONSTRAINT idempotency_once_per_caller PRIMARY KEY (caller, key),
    CONSTRAINT idempotency_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_digest_length CHECK (octet_length(digest) = 32)
)
"""

# One key column although the parts are months: UUIDv7 begins with the time, so its ranges are ranges of time.
EVENTS = """
CREATE TABLE events (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    seq bigint,
    at timestamp with time zone DEFAULT now() NOT NULL,
    kind text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT events_kind_form CHECK (kind ~ '^[a-z_]+[.][a-z_]+$')
) PARTITION BY RANGE (id)
"""

COUNTER = f"""
CREATE TABLE event_counter (
    one_row boolean DEFAULT true NOT NULL PRIMARY KEY,
    last_seq bigint NOT NULL,
    CONSTRAINT event_counter_one_row CHECK (one_row)
) WITH ({HOT})
"""

AUDIT = """
CREATE TABLE audit_events (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    at timestamp with time zone DEFAULT now() NOT NULL,
    action text NOT NULL,
    person_id uuid,
    client_id uuid,
    organisation_id uuid,
    role text,
    subject_type text NOT NULL,
    subject_id uuid,
    details jsonb NOT NULL,
    request_id text,
    address text,
    CONSTRAINT audit_events_role_known
        CHECK (role IN ('PARTICIPANT', 'INSTITUTION', 'MARKETPLACE', 'PAYER', 'OFFICER', 'AUDITOR')),
    CONSTRAINT audit_events_action_form CHECK (action ~ '^[a-z_]+[.][a-z_]+$')
) PARTITION BY RANGE (id)
"""

JOBS = f"""
CREATE TABLE jobs (
    id uuid DEFAULT uuidv7() NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    dedupe_key text,
    every_s integer,
    dead_at timestamp with time zone,
    failure text,
    CONSTRAINT jobs_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT jobs_every_positive CHECK (every_s > 0)
) WITH ({HOT})
"""

INDEXES = (
    "CREATE INDEX idempotency_by_age ON idempotency (at)",
    "CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL",
    "CREATE INDEX audit_events_by_person ON audit_events (person_id, id) WHERE person_id IS NOT NULL",
    "CREATE INDEX audit_events_by_organisation ON audit_events (organisation_id, id) WHERE organisation_id IS NOT NULL",
    "CREATE INDEX audit_events_by_subject ON audit_events (subject_id, id) WHERE subject_id IS NOT NULL",
    "CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at IS NULL",
    "CREATE INDEX jobs_dead ON jobs (dead_at) WHERE dead_at IS NOT NULL",
    "CREATE UNIQUE INDEX jobs_once_per_key ON jobs (kind, dedupe_key) WHERE attempts = 0",
    "CREATE UNIQUE INDEX jobs_repeated_once ON jobs (kind) WHERE every_s IS NOT NULL",
)

FLOOR = """
CREATE FUNCTION uuid7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$
"""

# Attaching takes a lock beside which everybody reads and writes on; CREATE TABLE .. PARTITION OF would stop them.
# Numbers are unique in each part; that they are unique in all is the counter's work. TRUNCATE is refused in each part,
# because a statement's trigger is not handed down to parts as a row's is.
PARTS = """
CREATE FUNCTION make_partitions(ahead integer) RETURNS integer LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    parent text;
    part text;
    month timestamptz;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(1650813804, 4);
    FOREACH parent IN ARRAY ARRAY['events', 'audit_events'] LOOP
        FOR step IN 0 .. ahead LOOP
            month := date_trunc('month', now()) + make_interval(months => step);
            part := parent || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            IF parent = 'events' THEN
                EXECUTE format('CREATE UNIQUE INDEX %I ON %I (seq) WHERE seq IS NOT NULL', part || '_seq', part);
                EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_scale_factor = 0.02)', part);
            ELSE
                EXECUTE format(
                    'CREATE TRIGGER audit_events_kept_whole BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()',
                    part
                );
            END IF;
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                parent, part, uuid7_floor(month), uuid7_floor(month + interval '1 month')
            );
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""

# Each statement in here sees what is committed when it begins: after the lock, all numbers given so far.
NUMBER = """
CREATE FUNCTION number_events(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    waiting uuid[];
    last bigint;
BEGIN
    PERFORM refuse_old_snapshot();
    IF NOT EXISTS (SELECT FROM events WHERE seq IS NULL) OR NOT pg_try_advisory_xact_lock(1650813804, 3) THEN
        RETURN 0;
    END IF;
    SELECT array_agg(id ORDER BY id) INTO waiting
    FROM (SELECT id FROM events WHERE seq IS NULL ORDER BY id LIMIT most) AS oldest;
    IF waiting IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO event_counter (last_seq) VALUES (cardinality(waiting))
    ON CONFLICT (one_row) DO UPDATE SET last_seq = event_counter.last_seq + excluded.last_seq
    RETURNING last_seq INTO last;
    UPDATE events SET seq = last - cardinality(waiting) + numbered.step
    FROM unnest(waiting) WITH ORDINALITY AS numbered (id, step)
    WHERE events.id = numbered.id;
    RETURN cardinality(waiting);
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_events_kept', TABLE = 'audit_events',
            HINT = 'Add a row that says what is true now. Whole months are detached when their time is over.';
END $$
"""

KEPT = (
    """
    CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER audit_events_kept_whole BEFORE TRUNCATE ON audit_events
        EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make room for what writes leave, with parts for this month and the three that come."""
    for table in (IDEMPOTENCY, EVENTS, COUNTER, AUDIT, JOBS):
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    for function in (FLOOR, REFUSE, PARTS, NUMBER):
        op.execute(function)
    for trigger in KEPT:
        op.execute(trigger)
    op.execute("SELECT make_partitions(3)")


def downgrade() -> None:
    """Lose stored answers, events, jobs and the audit."""
    for table in ("jobs", "audit_events", "event_counter", "events", "idempotency"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION number_events(integer)")
    op.execute("DROP FUNCTION make_partitions(integer)")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION uuid7_floor(timestamptz)")
