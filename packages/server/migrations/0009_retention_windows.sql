-- Which window of each setting the purge goes by, and since when a shorter one waits: an operator may want some time to
-- take a mistake back before it deletes anything. There is a row for every setting that a purge has seen.

CREATE TABLE retention_windows (
    setting_key text NOT NULL,
    -- The window that the purge goes by, in days; 0 keeps for ever.
    effective_days integer NOT NULL,
    -- The window that is set; where it deletes sooner than the effective one, it waits for its grace period.
    set_days integer NOT NULL,
    -- When the window was last shortened, or first applied.
    shortened_at timestamptz NOT NULL,
    CONSTRAINT retention_windows_pkey PRIMARY KEY (setting_key)
);
