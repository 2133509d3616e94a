-- What is left, what is being paid for, and what was used.

-- One row for each account: the lock that every change of its pots and every charge takes first.
create table meter (
  account_id bigint primary key references account,
  -- The most that its priced calls may cost in a UTC month; null: no cap.
  cap_usd_micros bigint check (cap_usd_micros >= 0),
  -- Falling below this is news.
  low_balance_usd_micros bigint not null default 1000000 check (low_balance_usd_micros >= 0),
  -- The UTC day on which that was told last: once a day is enough.
  low_told_on date
);
insert into meter (account_id) select id from account;

-- Counters of what outlives a minute. A bucket is a UTC month (202611) or day (20261121), and never moves back.
create table pot (
  account_id bigint not null references account,
  -- `qc.month`, `item.day`, `item.trial`, `item.bytes`, `spend`, `key:7:calls`, `key:7:spend`
  name text not null,
  bucket int not null,
  used bigint not null check (used >= 0),
  -- The highest share of a limit, in percent, that was told of this bucket.
  told_percent int not null default 0,
  primary key (account_id, name)
);

create function pot_used(p_account bigint, p_name text, p_bucket int) returns bigint
language sql stable as $$
  select coalesce((select case when bucket >= p_bucket then used else 0 end from pot where account_id = p_account and name = p_name), 0)
$$;

-- Adds to a pot of a locked meter, and tells when half, four fifths or all of a limit (null: none) is reached, each once for a
-- bucket, also when units are given back and taken again.
create function pot_add(p_account bigint, p_name text, p_bucket int, p_add bigint, p_limit bigint, p_at timestamptz)
returns bigint language plpgsql as $$
declare
  v_used bigint;
  v_bucket int;
  v_told int;
  v_percent int;
begin
  update pot set used = case when bucket >= p_bucket then used + p_add else p_add end,
    told_percent = case when bucket >= p_bucket then told_percent else 0 end, bucket = greatest(bucket, p_bucket)
  where account_id = p_account and name = p_name returning used, bucket, told_percent into v_used, v_bucket, v_told;
  if not found then
    insert into pot (account_id, name, bucket, used) values (p_account, p_name, p_bucket, p_add);
    v_used := p_add;
    v_bucket := p_bucket;
    v_told := 0;
  end if;
  if p_limit > 0 and v_used * 2 >= p_limit and v_told < 100 then
    foreach v_percent in array array[50, 80, 100] loop
      if v_used * 100 >= v_percent * p_limit and (v_used - p_add) * 100 < v_percent * p_limit and v_percent > v_told then
        perform outbox_add(p_at, p_account, 'limit.reached',
          jsonb_build_object('pot', p_name, 'bucket', v_bucket, 'percent', v_percent, 'used', v_used, 'limit', p_limit));
        update pot set told_percent = v_percent where account_id = p_account and name = p_name;
      end if;
    end loop;
  end if;
  return v_used;
end
$$;

-- In which bucket a pot counts now; null when it has counted nothing.
create function pot_bucket(p_account bigint, p_name text) returns int
language sql stable as $$
  select bucket from pot where account_id = p_account and name = p_name
$$;

-- Gives units back to a pot of a locked meter, unless its bucket is over.
create function pot_give_back(p_account bigint, p_name text, p_bucket int, p_units bigint) returns void
language sql as $$
  update pot set used = greatest(0, used - p_units) where account_id = p_account and name = p_name and bucket = p_bucket
$$;

-- Units of several pots for a node to hand out, all or none: at most 1 % of a limit, an eighth of what is left
-- (so that other nodes find some too), and 10,000 at a time; one alone when fewer than 64 are left. p_pots: [{name, bucket, limit}]. The first pot without a unit is answered with 0 granted. The bucket answered is
-- the one that was counted in, which is later than the one asked for when another node's clock has passed a bucket's end.
create function pots_lease(p_account bigint, p_pots jsonb, p_at timestamptz)
returns table (name text, bucket int, granted bigint, used bigint) language plpgsql as $$
declare
  p record;
  v_left bigint;
begin
  perform 1 from meter m where m.account_id = p_account for update;
  if not found then
    raise exception 'account % has no meter', p_account;
  end if;
  for p in select * from jsonb_to_recordset(p_pots) as x(name text, bucket int, "limit" bigint) loop
    used := pot_used(p_account, p.name, p.bucket);
    if used >= p."limit" then
      name := p.name;
      bucket := p.bucket;
      granted := 0;
      return next;
      return;
    end if;
  end loop;
  for p in select * from jsonb_to_recordset(p_pots) as x(name text, bucket int, "limit" bigint) loop
    v_left := p."limit" - pot_used(p_account, p.name, p.bucket);
    name := p.name;
    granted := case when v_left < 64 then 1 else least(greatest(1, v_left / 8), 10000, greatest(1, p."limit" / 100)) end;
    used := pot_add(p_account, p.name, p.bucket, granted, p."limit", p_at);
    bucket := (select t.bucket from pot t where t.account_id = p_account and t.name = p.name);
    return next;
  end loop;
end
$$;

-- Gives leased units back: p_returns: [{account, name, bucket, units}]. Answers the accounts it was done for: those whose meter
-- another has locked are passed over rather than waited for with other meters in hand.
create function pots_return(p_returns jsonb) returns setof bigint language plpgsql as $$
declare
  v_account bigint;
begin
  for v_account in
    select m.account_id from meter m
    where m.account_id in (select (e->>'account')::bigint from jsonb_array_elements(p_returns) e)
    order by m.account_id for update skip locked
  loop
    perform pot_give_back(v_account, x.name, x.bucket, x.units)
    from jsonb_to_recordset(p_returns) as x(account bigint, name text, bucket int, units bigint) where x.account = v_account;
    return next v_account;
  end loop;
end
$$;

-- Which process a row belongs to. A process holds an advisory lock on its number for as long as it lives.
create sequence instance_number as int cycle;

-- Priced calls that are paid for and whose work is under way. A row goes, in one transaction with the call's usage event,
-- when the outcome is known; what a killed process leaves is voided.
create table charge (
  -- The request's id, which also names the ledger transfer.
  name text primary key,
  instance int not null,
  account_id bigint not null references account,
  key_id bigint not null,
  -- Whose counters its caps are on.
  cap_key bigint not null,
  product text not null,
  operation text not null,
  -- What paid: a pot, or `balance`.
  pot text not null,
  bucket int not null,
  month int not null,
  cost_usd_micros bigint not null check (cost_usd_micros >= 0),
  key_calls boolean not null,
  key_spend boolean not null,
  bytes_metered boolean not null,
  tid text,
  at timestamptz not null
);

-- One row for each call. Kept for 13 months by dropping partitions.
create table usage_event (
  at timestamptz not null,
  request_id text not null,
  account_id bigint not null,
  key_id bigint not null,
  product text not null,
  operation text not null,
  -- Null: the process was killed before it answered, and the charge is voided.
  status smallint,
  -- What paid: a pot, `balance`, or nothing.
  pot text,
  cost_usd_micros bigint not null default 0,
  transfer_id bigint,
  balance_after_usd_micros bigint,
  bytes bigint not null default 0,
  duration_us bigint,
  tid text,
  primary key (request_id, at)
) partition by range (at);
create index usage_event_account on usage_event (account_id, at);
create index usage_event_tid on usage_event (tid) where tid is not null;
-- Finds the references that are old enough to be blanked, and the calls that were cut off; both are few.
create index usage_event_tid_at on usage_event (at) where tid is not null;
create index usage_event_cut_off on usage_event (at) where status is null;

-- For rows outside the months that were made ahead; rows here are a fault that the log tells.
create table usage_event_default partition of usage_event default;

create function usage_partition_exists(p_name text) returns boolean language sql as $$
  select exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'usage_event'::regclass and c.relname = p_name)
$$;

-- Makes a month's partition, taking in what the default partition holds of that month. It is made apart and then attached,
-- which unlike `partition of` does not make the calls of other months wait.
create function usage_partition_ensure(p_month date) returns void language plpgsql as $$
declare
  v_from date := date_trunc('month', p_month);
  v_from_at text := v_from || ' 00:00:00+00';
  v_to_at text := (v_from + interval '1 month')::date || ' 00:00:00+00';
  v_name text := 'usage_event_' || to_char(v_from, 'YYYYMM');
begin
  if usage_partition_exists(v_name) then return; end if;
  -- Two nodes that start together make it once.
  perform pg_advisory_xact_lock(731905011);
  if usage_partition_exists(v_name) then return; end if;
  execute format('create table %I (like usage_event including all)', v_name);
  lock table usage_event_default in access exclusive mode;
  execute format(
    'with moved as (delete from usage_event_default where at >= %L and at < %L returning *) insert into %I select * from moved',
    v_from_at, v_to_at, v_name);
  execute format('alter table usage_event attach partition %I for values from (%L) to (%L)', v_name, v_from_at, v_to_at);
end
$$;
do $$ begin
  for i in 0..2 loop
    perform usage_partition_ensure(((now() at time zone 'UTC') + make_interval(months => i))::date);
  end loop;
end $$;

-- What was used each UTC day, for charts.
create table usage_day (
  account_id bigint not null references account,
  key_id bigint not null,
  product text not null,
  operation text not null,
  day date not null,
  calls bigint not null,
  billed bigint not null,
  errors bigint not null,
  bytes bigint not null,
  cost_usd_micros bigint not null,
  duration_us bigint not null,
  primary key (account_id, day, key_id, product, operation)
);

create function usage_day_add(p_account bigint, p_key bigint, p_product text, p_operation text, p_day date,
  p_calls bigint, p_billed bigint, p_errors bigint, p_bytes bigint, p_cost bigint, p_us bigint) returns void
language sql as $$
  insert into usage_day as d (account_id, key_id, product, operation, day, calls, billed, errors, bytes, cost_usd_micros, duration_us)
  values (p_account, p_key, p_product, p_operation, p_day, p_calls, p_billed, p_errors, p_bytes, p_cost, p_us)
  on conflict (account_id, day, key_id, product, operation) do update set
    calls = d.calls + excluded.calls, billed = d.billed + excluded.billed, errors = d.errors + excluded.errors,
    bytes = d.bytes + excluded.bytes, cost_usd_micros = d.cost_usd_micros + excluded.cost_usd_micros,
    duration_us = d.duration_us + excluded.duration_us
$$;

-- Adds the sums of a batch. Charges take an account's meter before its days, so the meters are held here too: without them
-- a batch and a charge of two accounts could wait for each other.
create function usage_days_add(p_accounts bigint[], p_keys bigint[], p_products text[], p_operations text[], p_days date[],
  p_calls bigint[], p_billed bigint[], p_errors bigint[], p_bytes bigint[], p_us bigint[]) returns void
language plpgsql as $$
begin
  perform 1 from meter where account_id = any(p_accounts) order by account_id for key share;
  insert into usage_day as d (account_id, key_id, product, operation, day, calls, billed, errors, bytes, cost_usd_micros, duration_us)
  select a, k, p, o, y, c, b, e, s, 0, u
  from unnest(p_accounts, p_keys, p_products, p_operations, p_days, p_calls, p_billed, p_errors, p_bytes, p_us)
    as x(a, k, p, o, y, c, b, e, s, u)
  -- In one order for all batches.
  order by a, y, k, p, o
  on conflict (account_id, day, key_id, product, operation) do update set
    calls = d.calls + excluded.calls, billed = d.billed + excluded.billed, errors = d.errors + excluded.errors,
    bytes = d.bytes + excluded.bytes, duration_us = d.duration_us + excluded.duration_us;
end
$$;
