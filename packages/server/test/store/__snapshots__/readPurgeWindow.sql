SELECT site_configs.value, retention_windows.effective_days, retention_windows.set_days, retention_windows.shortened_at
FROM (SELECT $1::text AS key) AS wanted
LEFT JOIN site_configs ON site_configs.key = wanted.key
LEFT JOIN retention_windows ON retention_windows.setting_key = wanted.key;
