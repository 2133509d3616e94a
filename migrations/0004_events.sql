-- What happened: news for whoever listens later, and who did what.

-- News that travels up: written by the noun it happened in, in the same transaction; read in the order of ids.
create table outbox (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- Whose news; null when it is the operator's.
  account_id bigint references account,
  event text not null check (event ~ '^[a-z_]+\.[a-z_]+$'),
  body jsonb not null
);
create index outbox_account on outbox (account_id, id);

create function outbox_add(p_at timestamptz, p_account bigint, p_event text, p_body jsonb) returns void
language sql as $$
  insert into outbox (at, account_id, event, body) values (p_at, p_account, p_event, p_body)
$$;

create table audit_entry (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- Who did it: `cli:NAME` for a command on the server, later a member of staff.
  actor text not null,
  -- What was done, verb last: `key.revoke`.
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  account_id bigint references account,
  -- What it was done to: `key:7`.
  subject text not null,
  reason text,
  before jsonb,
  after jsonb
);
create index audit_entry_account on audit_entry (account_id, id);
