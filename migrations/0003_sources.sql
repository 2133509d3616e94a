-- The tokens with which a source of product data is asked. They run out and are renewed, so they are state: the settings
-- only hold the first ones.
create table source_token (
  source text primary key check (length(source) between 1 and 50),
  -- SHA-256 of the tokens in the settings from which these grew. Other settings put new tokens in place.
  seed_digest text not null check (seed_digest ~ '^[0-9a-f]{64}$'),
  access_token text not null,
  refresh_token text not null,
  -- Null until an upstream has said how long a token lasts.
  expires_at timestamptz,
  version bigint not null check (version > 0),
  -- One process at a time renews; a claim that is past was left behind by a process that died.
  refreshing_until timestamptz
);
