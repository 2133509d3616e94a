-- Several keys for an account, each with a life and a cap of its own.

alter table api_key
  add column label text check (length(label) between 1 and 100),
  -- Who made it, as in the audit.
  add column created_by text,
  add column expires_at timestamptz,
  -- Switched off, and may be switched on again.
  add column disabled_at timestamptz,
  -- The key that took this one's place. At most one ever does.
  add column rolled_to bigint unique references api_key,
  add column last_used_at timestamptz,
  add column last_used_from inet,
  -- The most that it may do in a UTC month; null: no cap of its own.
  add column cap_calls bigint check (cap_calls >= 0),
  add column cap_usd_micros bigint check (cap_usd_micros >= 0),
  -- Whose counters its caps are counted on: the first key's of a row of keys that took each other's place. Null: its own.
  add column cap_key bigint references api_key;
