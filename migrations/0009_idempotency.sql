-- What was answered to a request with an Idempotency-Key, for 24 hours.
create table idempotency (
  id bigint generated always as identity primary key,
  account_id bigint not null references account,
  -- Method and route, such as `POST /api/v1/item`.
  route text not null,
  key text not null check (length(key) between 1 and 255),
  -- SHA-256 of the request.
  fingerprint bytea not null,
  -- The process that works on it, while it runs.
  instance int not null,
  -- The charge that paid for it, so that a request taken up again after a kill is not paid twice.
  charge text,
  status smallint,
  body text,
  created_at timestamptz not null,
  done_at timestamptz,
  unique (account_id, route, key)
);
create index idempotency_created on idempotency (created_at);
create index idempotency_charge on idempotency (charge) where charge is not null;
