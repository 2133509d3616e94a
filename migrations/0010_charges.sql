-- How priced calls are paid for. Every function takes locks in this order: meters by account, ledger accounts by id.

create function meters_lock(p_accounts bigint[]) returns void language plpgsql as $$
begin
  perform 1 from meter where account_id = any(p_accounts) order by account_id for update;
  perform 1 from ledger_account where code in (select 'api:' || a from unnest(p_accounts) a) order by id for update;
end
$$;

-- Decides and books a batch of calls in arrival order. p_runs: an array of runs, each of n consecutive calls that are alike:
-- {n, account, key, capKey, sandbox, product, operation, pot, bucket, potLimit, price, month, keyCalls, keySpend, bytesIncluded, gbPrice,
--  idempotent}; what differs from call to call is in the arrays, which go through all runs.
-- pot may be null (none), price null (only the pot pays), keyCalls and keySpend null (no cap), bytesIncluded null (not metered).
-- Of each run the first from_pot calls are paid by the pot, the next from_balance by the balance, the rest are denied.
-- A ready call is booked with its usage event; for another a charge waits for its outcome.
create function calls_settle(p_runs jsonb, p_names text[], p_ats timestamptz[], p_tids text[], p_ready boolean[],
  p_status smallint[], p_bytes bigint[], p_us bigint[], p_records bigint[], p_instance int)
returns table (run int, from_pot int, from_balance int, denied text, balance_after bigint, pot_used bigint)
language plpgsql as $$
declare
  r record;
  v_meter meter;
  v_wallet record;
  v_at timestamptz;
  v_room bigint;
  v_available bigint;
  v_cap_left bigint;
  v_key_left bigint;
  v_allowed int;
  v_gigabytes bigint;
  v_included bigint;
  v_from int;
  v_to int := 0;
  v_paid_to int;
  v_transfers bigint[];
  v_booked record;
begin
  perform meters_lock(array(select distinct (e->>'account')::bigint from jsonb_array_elements(p_runs) e));
  run := -1;
  for r in
    select x.*, case when x.sandbox then 'system:sandbox:USD' else 'system:revenue:USD' end as payee
    from jsonb_to_recordset(p_runs) as x(n int, account bigint, key bigint, "capKey" bigint, sandbox boolean, product text, operation text, pot text,
      bucket int, "potLimit" bigint, price bigint, month int, "keyCalls" bigint, "keySpend" bigint, "bytesIncluded" bigint,
      "gbPrice" bigint, idempotent boolean)
  loop
    run := run + 1;
    v_from := v_to + 1;
    v_to := v_to + r.n;
    from_pot := 0;
    from_balance := 0;
    denied := null;
    pot_used := null;
    v_transfers := null;
    v_at := p_ats[v_from];
    select * into strict v_meter from meter m where m.account_id = r.account;
    select a.id, a.balance_minor - a.held_minor as available into strict v_wallet from ledger_account a where a.code = 'api:' || r.account;
    v_available := v_wallet.available;
    v_cap_left := null;
    v_key_left := null;
    if v_meter.cap_usd_micros is not null then v_cap_left := v_meter.cap_usd_micros - pot_used(r.account, 'spend', r.month); end if;
    if r."keySpend" is not null then v_key_left := r."keySpend" - pot_used(r.account, 'key:' || r."capKey" || ':spend', r.month); end if;
    v_room := greatest(0, least(v_available, v_cap_left, v_key_left));

    v_allowed := r.n;
    if r."keyCalls" is not null then
      v_allowed := least(r.n, greatest(0, r."keyCalls" - pot_used(r.account, 'key:' || r."capKey" || ':calls', r.month)));
      if v_allowed < r.n then denied := 'key_calls'; end if;
    end if;

    -- Every gigabyte begun beyond what is included is paid for before the next call. What was included at any time of the
    -- month stays so: a plan that ends within it does not bill what it had covered.
    v_gigabytes := 0;
    if r."bytesIncluded" is not null and v_allowed > 0 then
      v_included := pot_used(r.account, r.product || '.included', r.month);
      if r."bytesIncluded" > v_included then
        perform pot_add(r.account, r.product || '.included', r.month, r."bytesIncluded" - v_included, null, v_at);
        v_included := r."bytesIncluded";
      end if;
      v_gigabytes := pot_used(r.account, r.product || '.bytes', r.month) - v_included;
      if v_gigabytes >= 0 then
        v_gigabytes := v_gigabytes / 1000000000 + 1 - pot_used(r.account, r.product || '.gb', r.month);
      end if;
      v_gigabytes := greatest(0, v_gigabytes);
      if v_gigabytes * r."gbPrice" > v_room then
        v_allowed := 0;
        denied := case
          when v_available < v_gigabytes * r."gbPrice" then 'balance'
          when v_cap_left < v_gigabytes * r."gbPrice" then 'account_cap'
          else 'key_cap' end;
        v_gigabytes := 0;
      end if;
      v_available := v_available - v_gigabytes * r."gbPrice";
      v_room := v_room - v_gigabytes * r."gbPrice";
      v_cap_left := v_cap_left - v_gigabytes * r."gbPrice";
    end if;

    if r.pot is not null then
      pot_used := pot_used(r.account, r.pot, r.bucket);
      from_pot := least(v_allowed, greatest(0, r."potLimit" - pot_used));
      if from_pot > 0 then pot_used := pot_add(r.account, r.pot, r.bucket, from_pot, r."potLimit", v_at); end if;
    end if;
    if r.price is not null and v_allowed > from_pot then
      from_balance := case when r.price = 0 then v_allowed - from_pot else least(v_allowed - from_pot, v_room / r.price) end;
    end if;
    if v_gigabytes > 0 and from_pot + from_balance > 0 then
      perform ledger_pay_many(v_wallet.id, r.payee, v_gigabytes * r."gbPrice",
        array[format('gb:%s:%s:%s:%s', r.account, r.product,
          greatest(r.month, pot_bucket(r.account, r.product || '.gb')), pot_used(r.account, r.product || '.gb', r.month) + 1)],
        'bandwidth', v_at);
      perform pot_add(r.account, r.product || '.gb', r.month, v_gigabytes, null, v_at);
      perform spend_add(r.account, r."capKey", r.month, v_gigabytes * r."gbPrice", v_meter.cap_usd_micros, r."keySpend", v_at);
    elsif v_gigabytes > 0 then
      -- Nobody passes, so nothing is paid.
      v_available := v_available + v_gigabytes * r."gbPrice";
    end if;
    if from_pot + from_balance < v_allowed then
      denied := case
        when r.price is null then 'pot'
        when v_available - from_balance * r.price < r.price then 'balance'
        when v_cap_left is not null and v_cap_left - from_balance * r.price < r.price then 'account_cap'
        else 'key_cap' end;
    end if;
    v_paid_to := v_from + from_pot + from_balance - 1;

    balance_after := v_available - from_balance * coalesce(r.price, 0);
    if from_balance > 0 and r.price > 0 then
      v_transfers := ledger_pay_many(v_wallet.id, r.payee, r.price, p_names[v_from + from_pot:v_paid_to], 'call', v_at);
      perform spend_add(r.account, r."capKey", r.month, from_balance * r.price, v_meter.cap_usd_micros, r."keySpend", v_at);
    end if;
    if v_wallet.available >= v_meter.low_balance_usd_micros and balance_after < v_meter.low_balance_usd_micros
      and v_meter.low_told_on is distinct from (v_at at time zone 'UTC')::date then
      update meter set low_told_on = (v_at at time zone 'UTC')::date where account_id = r.account;
      perform outbox_add(v_at, r.account, 'balance.low',
        jsonb_build_object('balanceUsdMicros', balance_after, 'thresholdUsdMicros', v_meter.low_balance_usd_micros));
    end if;
    if r."keyCalls" is not null and v_paid_to >= v_from then
      perform pot_add(r.account, 'key:' || r."capKey" || ':calls', r.month, from_pot + from_balance, r."keyCalls", v_at);
    end if;

    if true = any(p_ready[v_from:v_paid_to]) then
      with booked as (
        insert into usage_event (at, request_id, account_id, key_id, product, operation, status, pot, cost_usd_micros,
          transfer_id, balance_after_usd_micros, bytes, duration_us, tid)
        select c.at, c.name, r.account, r.key, r.product, r.operation, c.status,
          case when c.o <= from_pot then r.pot else 'balance' end,
          case when c.o <= from_pot then 0 else r.price end, v_transfers[c.o - from_pot],
          balance_after + case when c.o <= from_pot then from_balance * coalesce(r.price, 0) else (from_pot + from_balance - c.o) * r.price end,
          c.bytes, c.us, c.tid
        from unnest(p_names[v_from:v_paid_to], p_ats[v_from:v_paid_to], p_tids[v_from:v_paid_to], p_ready[v_from:v_paid_to],
          p_status[v_from:v_paid_to], p_bytes[v_from:v_paid_to], p_us[v_from:v_paid_to])
          with ordinality as c(name, at, tid, ready, status, bytes, us, o)
        where c.ready
        returning cost_usd_micros, bytes, duration_us
      )
      select count(*) as calls, sum(b.bytes)::bigint as bytes, sum(b.duration_us)::bigint as us, sum(b.cost_usd_micros)::bigint as cost
      into v_booked from booked b;
      if r."bytesIncluded" is not null then
        perform pot_add(r.account, r.product || '.bytes', r.month, v_booked.bytes, r."bytesIncluded", v_at);
      end if;
      perform usage_day_add(r.account, r.key, r.product, r.operation, (v_at at time zone 'UTC')::date, v_booked.calls, v_booked.calls,
        0, v_booked.bytes, v_booked.cost, v_booked.us);
    end if;

    if false = any(p_ready[v_from:v_paid_to]) then
      insert into charge (name, instance, account_id, key_id, cap_key, product, operation, pot, bucket, month, cost_usd_micros,
        key_calls, key_spend, bytes_metered, tid, at)
      select c.name, p_instance, r.account, r.key, r."capKey", r.product, r.operation,
        case when c.o <= from_pot then r.pot else 'balance' end,
        -- The buckets in which it was counted, which are later than asked for where another node's clock is ahead.
        coalesce(greatest(r.bucket, pot_bucket(r.account, r.pot)), r.month), greatest(r.month, pot_bucket(r.account, 'spend')),
        case when c.o <= from_pot then 0 else r.price end, r."keyCalls" is not null, r."keySpend" is not null,
        r."bytesIncluded" is not null, c.tid, c.at
      from unnest(p_names[v_from:v_paid_to], p_ats[v_from:v_paid_to], p_tids[v_from:v_paid_to], p_ready[v_from:v_paid_to])
        with ordinality as c(name, at, tid, ready, o)
      where not c.ready;
    end if;

    if r.idempotent then
      perform idempotency_charged(p_names[v_from:v_paid_to], p_records[v_from:v_paid_to]);
    end if;
    return next;
  end loop;
end
$$;

-- What an account, and a key that has a cap of its own, have spent in a month.
create function spend_add(p_account bigint, p_key bigint, p_month int, p_add bigint, p_cap bigint, p_key_cap bigint, p_at timestamptz)
returns void language plpgsql as $$
begin
  perform pot_add(p_account, 'spend', p_month, p_add, p_cap, p_at);
  if p_key_cap is not null then
    perform pot_add(p_account, 'key:' || p_key || ':spend', p_month, p_add, p_key_cap, p_at);
  end if;
end
$$;

-- Ends charges: kept ones are billed, others are given back, and each gets its usage event.
-- p_calls: [{name, keep, status, bytes, us, bytesIncluded}]; bytesIncluded is for the news of it alone and may be absent. A charge
-- that is gone is answered with ended = false and changes nothing.
create function calls_finish(p_calls jsonb)
returns table (call int, ended boolean, balance_after bigint) language plpgsql as $$
declare
  f record;
  c charge;
  v_transfer bigint;
begin
  perform meters_lock(array(select distinct h.account_id from charge h
    where h.name in (select e->>'name' from jsonb_array_elements(p_calls) e)));
  call := -1;
  for f in select * from jsonb_to_recordset(p_calls) as x(name text, keep boolean, status smallint, bytes bigint, us bigint,
      "bytesIncluded" bigint) loop
    call := call + 1;
    delete from charge h where h.name = f.name returning * into c;
    ended := c.name is not null;
    balance_after := null;
    if not ended then return next; continue; end if;
    if f.keep then
      if c.bytes_metered then perform pot_add(c.account_id, c.product || '.bytes', c.month, f.bytes, f."bytesIncluded", c.at); end if;
    else
      if c.cost_usd_micros > 0 then
        perform ledger_reverse(c.name, 'void:' || c.name, c.at);
        perform pot_give_back(c.account_id, 'spend', c.month, c.cost_usd_micros);
        if c.key_spend then perform pot_give_back(c.account_id, 'key:' || c.cap_key || ':spend', c.month, c.cost_usd_micros); end if;
      end if;
      if c.pot <> 'balance' then perform pot_give_back(c.account_id, c.pot, c.bucket, 1); end if;
      if c.key_calls then perform pot_give_back(c.account_id, 'key:' || c.cap_key || ':calls', c.month, 1); end if;
      perform idempotency_uncharged(c.name);
    end if;
    select a.balance_minor - a.held_minor into balance_after from ledger_account a where a.code = 'api:' || c.account_id;
    select t.id into v_transfer from ledger_transfer t where t.name = c.name;
    insert into usage_event (at, request_id, account_id, key_id, product, operation, status, pot, cost_usd_micros,
      transfer_id, balance_after_usd_micros, bytes, duration_us, tid)
    values (c.at, c.name, c.account_id, c.key_id, c.product, c.operation, f.status, case when f.keep then c.pot end,
      case when f.keep then c.cost_usd_micros else 0 end, v_transfer, balance_after, f.bytes, f.us, c.tid);
    perform usage_day_add(c.account_id, c.key_id, c.product, c.operation, (c.at at time zone 'UTC')::date, 1, case when f.keep then 1 else 0 end,
      case when f.status >= 400 or f.status is null then 1 else 0 end, f.bytes, case when f.keep then c.cost_usd_micros else 0 end, coalesce(f.us, 0));
    return next;
  end loop;
end
$$;

-- The charges of processes that are gone.
create function charges_cut_off() returns setof charge language sql stable as $$
  select c from charge c where not exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::bigint = 731905010 and l.objid::bigint = c.instance
      and l.database = (select oid from pg_database where datname = current_database()))
$$;

-- Notes on records what paid for their requests. Raises OH409 when one of them is no longer its owner's: another process, which
-- took this one for dead, has taken the request over.
create function idempotency_charged(p_charges text[], p_ids bigint[]) returns void language plpgsql as $$
declare
  v_noted int;
begin
  update idempotency i set charge = c.charge from unnest(p_charges, p_ids) as c(charge, id) where i.id = c.id and i.done_at is null;
  get diagnostics v_noted = row_count;
  if v_noted < (select count(*) from unnest(p_ids) as t(id) where id is not null) then
    raise exception 'an idempotency record was taken over' using errcode = 'OH409';
  end if;
end
$$;
create function idempotency_uncharged(p_charge text) returns void language sql as $$
  update idempotency set charge = null where charge = p_charge
$$;

-- Takes back a call that was booked as ready, or charged, but could not be answered. False when there is none to take back.
create function call_undo(p_name text, p_since timestamptz, p_bytes_metered boolean, p_cap_key bigint, p_key_calls boolean, p_key_spend boolean)
returns boolean language plpgsql as $$
declare
  u usage_event;
  v_bucket int;
  v_month int;
begin
  if (select ended from calls_finish(
      jsonb_build_array(jsonb_build_object('name', p_name, 'keep', false, 'status', 503, 'bytes', 0, 'us', 0)))) then
    return true;
  end if;
  select * into u from usage_event where request_id = p_name and at >= p_since;
  if not found then return false; end if;
  perform meters_lock(array[u.account_id]);
  select * into u from usage_event where request_id = p_name and at >= p_since for update;
  if u.pot is null then return false; end if;
  v_month := to_char(u.at at time zone 'UTC', 'YYYYMM')::int;
  if u.pot = 'balance' then
    perform ledger_reverse(p_name, 'void:' || p_name, u.at);
    perform pot_give_back(u.account_id, 'spend', v_month, u.cost_usd_micros);
    if p_key_spend then perform pot_give_back(u.account_id, 'key:' || p_cap_key || ':spend', v_month, u.cost_usd_micros); end if;
  else
    v_bucket := case when u.pot like '%.day' then to_char(u.at at time zone 'UTC', 'YYYYMMDD')::int else v_month end;
    perform pot_give_back(u.account_id, u.pot, v_bucket, 1);
  end if;
  if p_key_calls then perform pot_give_back(u.account_id, 'key:' || p_cap_key || ':calls', v_month, 1); end if;
  if p_bytes_metered then perform pot_give_back(u.account_id, u.product || '.bytes', v_month, u.bytes); end if;
  perform idempotency_uncharged(p_name);
  perform usage_day_add(u.account_id, u.key_id, u.product, u.operation, (u.at at time zone 'UTC')::date,
    0, -1, 1, -u.bytes, -u.cost_usd_micros, 0);
  update usage_event set status = 503, pot = null, cost_usd_micros = 0, bytes = 0 where request_id = p_name and at = u.at;
  return true;
end
$$;

-- Counts on a key's caps what it, and the keys whose place it took, have used in a month already: keys without caps are not
-- counted as they go. The meter is locked before any row of a key, as the writers of usage do.
create function key_pots_from_usage(p_account bigint, p_cap_key bigint, p_keys bigint[], p_month int) returns void
language plpgsql as $$
declare
  v record;
begin
  perform 1 from meter m where m.account_id = p_account for update;
  select coalesce(sum(d.billed), 0)::bigint as calls, coalesce(sum(d.cost_usd_micros), 0)::bigint as spend into v
  from usage_day d
  where d.account_id = p_account and d.key_id = any(p_keys)
    and d.day >= to_date(p_month::text, 'YYYYMM') and d.day < to_date(p_month::text, 'YYYYMM') + interval '1 month';
  insert into pot (account_id, name, bucket, used)
  select p_account, 'key:' || p_cap_key || p.name, p_month, p.used
  from (values (':calls', v.calls), (':spend', v.spend)) as p(name, used) where p.used > 0
  on conflict (account_id, name) do update set
    used = case when pot.bucket > excluded.bucket then pot.used
      when pot.bucket = excluded.bucket then greatest(pot.used, excluded.used) else excluded.used end,
    bucket = greatest(pot.bucket, excluded.bucket);
end
$$;
