SELECT site_configs.value, retention_windows.effective_days, retention_windows.set_days, retention_windows.shortened_at
FROM (SELECT $1::text AS key) AS wanted
LEFT JOIN site_configs ON site_configs.key = wanted.key
LEFT JOIN retention_windows ON retention_windows.setting_key = wanted.key;

INSERT INTO retention_windows (setting_key, effective_days, set_days, shortened_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (setting_key) DO NOTHING;

UPDATE retention_windows
SET effective_days = $1, set_days = $2, shortened_at = $3
WHERE setting_key = $4
  AND effective_days = $5 AND set_days = $6
  AND date_trunc('milliseconds', shortened_at) = $7;
