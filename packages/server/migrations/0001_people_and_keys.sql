-- Organizations, people and their API keys.

CREATE TABLE organizations (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_name_key UNIQUE (name)
);

-- One organization is enough to start with; every chat names it, so that a second one needs no change of any row.
INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), 'default');

CREATE TABLE users (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Always lower case, so that one address is one person.
    email text NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    name text NOT NULL DEFAULT '',
    image text,
    role text NOT NULL DEFAULT 'member',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_lower_case CHECK (email = lower(email)),
    CONSTRAINT users_role_known CHECK (role IN ('member', 'auditor', 'owner'))
);

CREATE TABLE api_keys (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    name text NOT NULL DEFAULT '',
    scope text NOT NULL DEFAULT 'full',
    -- SHA-256 of the key. A key is 256 random bits, so a slow password hash would add nothing but cost.
    key_hash bytea NOT NULL,
    -- The first characters of the key, by which its owner tells one from another.
    key_start text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT api_keys_scope_known CHECK (scope IN ('full', 'ingest'))
);

CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);
