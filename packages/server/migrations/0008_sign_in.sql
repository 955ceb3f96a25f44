-- Signing in. Sessions, accounts and verifications are written by better-auth, the library that signs people in, over the
-- table users; it makes no table of its own.

-- A browser that somebody has signed in with. It ends when it expires, and at once when it is signed out.
CREATE TABLE sessions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    -- What the cookie holds, beside a signature by the deployment's secret; without that secret it opens nothing.
    token text NOT NULL,
    expires_at timestamptz NOT NULL,
    ip_address text,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_token_key UNIQUE (token),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- The ways in which a person can sign in: a password ('credential', whose account_id is the person's id), or an identity at
-- an OpenID Connect provider ('oidc', whose account_id is the subject there). The tokens of that provider are not kept:
-- nothing needs them once somebody is signed in.
CREATE TABLE accounts (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    provider_id text NOT NULL,
    account_id text NOT NULL,
    -- Salt and scrypt key; null where the account has no password.
    password text,
    scope text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_provider_id_account_id_key UNIQUE (provider_id, account_id),
    CONSTRAINT accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX accounts_user_id_idx ON accounts (user_id);

-- What a sign-in by OpenID Connect remembers while the browser is at the provider: minutes.
CREATE TABLE verifications (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    identifier text NOT NULL,
    value text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT verifications_pkey PRIMARY KEY (id)
);

CREATE INDEX verifications_identifier_idx ON verifications (identifier);
CREATE INDEX verifications_expires_at_idx ON verifications (expires_at);

-- Attempts to sign in, counted here so that replicas count together.
CREATE TABLE sign_in_attempts (
    -- What is counted, and of whom: an address or a person.
    key text NOT NULL,
    attempts integer NOT NULL,
    -- The count begins anew a window after this.
    window_started_at timestamptz NOT NULL,
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (key)
);

CREATE INDEX sign_in_attempts_window_started_at_idx ON sign_in_attempts (window_started_at);

-- The links that were printed for setting this deployment up, one for every replica that started while nobody had an
-- account. The first that is used makes all of them worthless.
CREATE TABLE set_up_tokens (
    -- SHA-256 of the token, which is 256 random bits.
    token_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT set_up_tokens_pkey PRIMARY KEY (token_hash)
);

-- Secrets that the deployment made for itself, so that its replicas share them. They are apart from site_configs, which
-- operators read and copy.
CREATE TABLE deployment_secrets (
    name text NOT NULL,
    value text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT deployment_secrets_pkey PRIMARY KEY (name)
);
