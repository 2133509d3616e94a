-- Double entry in integer minor units: USD micros for API balances, CNY fen for wallets.

create table ledger_account (
  id bigint generated always as identity primary key,
  -- `api:1001`, `wallet:1001`, `system:revenue:USD`
  code text not null unique check (code ~ '^[a-z_]+:[A-Za-z0-9_]+(:[A-Z]{3})?$'),
  currency text not null check (currency in ('USD', 'CNY')),
  -- Null on a system account, which is never locked: its balance is the sum of its entries, and may be negative.
  balance_minor bigint,
  -- The part of the balance that open holds keep.
  held_minor bigint not null default 0 check (held_minor >= 0),
  -- Repeats what the code decides: nobody spends what they do not have, or what is held.
  constraint ledger_no_overdraft check (balance_minor >= held_minor),
  constraint ledger_system_holds_nothing check (balance_minor is not null or held_minor = 0)
);

create table ledger_hold (
  id bigint generated always as identity primary key,
  -- The caller's name for it: placing it again changes nothing.
  name text not null unique,
  account_id bigint not null references ledger_account,
  amount_minor bigint not null check (amount_minor > 0),
  captured_minor bigint not null default 0 check (captured_minor between 0 and amount_minor),
  state text not null default 'open' check (state in ('open', 'captured', 'voided', 'expired')),
  placed_at timestamptz not null,
  expires_at timestamptz,
  closed_at timestamptz check ((state = 'open') = (closed_at is null)),
  check (state <> 'open' or captured_minor < amount_minor),
  check (state <> 'captured' or captured_minor > 0)
);
create index ledger_hold_account on ledger_hold (account_id, id);
create index ledger_hold_due on ledger_hold (expires_at) where state = 'open';

create table ledger_transfer (
  id bigint generated always as identity primary key,
  -- The caller's name for it: sending it again changes nothing.
  name text not null unique,
  -- Money leaves the debit account and reaches the credit account. No foreign keys: each entry would lock the rows of both
  -- accounts once more, those of the system too, and accounts are never removed.
  debit_id bigint not null,
  credit_id bigint not null,
  amount_minor bigint not null check (amount_minor > 0),
  reason text not null,
  at timestamptz not null,
  -- A transfer is undone by its reverse, at most once, and never edited.
  reverses_id bigint references ledger_transfer,
  hold_id bigint references ledger_hold,
  check (debit_id <> credit_id)
);
create unique index ledger_transfer_reverses on ledger_transfer (reverses_id) where reverses_id is not null;
create index ledger_transfer_debit on ledger_transfer (debit_id, id);
create index ledger_transfer_credit on ledger_transfer (credit_id, id);

create function ledger_transfer_is_immutable() returns trigger
language plpgsql as $$
begin
  raise exception 'ledger_transfer is never changed: reverse the transfer instead';
end
$$;
create trigger ledger_transfer_immutable before update or delete on ledger_transfer
  for each row execute function ledger_transfer_is_immutable();

create function ledger_account_is_kept() returns trigger
language plpgsql as $$
begin
  raise exception 'a ledger account keeps its id, code and currency, and is never removed';
end
$$;
create trigger ledger_account_kept before delete or update of id, code, currency on ledger_account
  for each row execute function ledger_account_is_kept();

insert into ledger_account (code, currency) values
  -- Where money comes in from: top-ups and what staff credit.
  ('system:payments:USD', 'USD'), ('system:payments:CNY', 'CNY'),
  -- What callers and shoppers have paid us.
  ('system:revenue:USD', 'USD'), ('system:revenue:CNY', 'CNY'),
  -- The other side of all money in sandboxes, which is not real.
  ('system:sandbox:USD', 'USD'), ('system:sandbox:CNY', 'CNY');

insert into ledger_account (code, currency, balance_minor) select 'api:' || id, 'USD', 0 from account;
insert into ledger_account (code, currency, balance_minor) select 'wallet:' || id, 'CNY', 0 from account;

-- One transfer of p_amount for each name, from a customer's account that the caller has locked and found sufficient. Answers
-- the ids of the transfers, in the order of the names.
create function ledger_pay_many(p_debit bigint, p_credit_code text, p_amount bigint, p_names text[], p_reason text, p_at timestamptz)
returns bigint[] language plpgsql as $$
declare
  v_credit bigint;
  v_ids bigint[];
begin
  select id into strict v_credit from ledger_account where code = p_credit_code;
  with entered as (
    insert into ledger_transfer (name, debit_id, credit_id, amount_minor, reason, at)
    select n, p_debit, v_credit, p_amount, p_reason, p_at from unnest(p_names) with ordinality as t (n, o) order by o
    returning id
  )
  select array_agg(id order by id) into v_ids from entered;
  update ledger_account set balance_minor = balance_minor - p_amount * cardinality(p_names) where id = p_debit;
  return v_ids;
end
$$;

-- Undoes a transfer once; false when it was undone before or never happened. The caller has locked the customer's account.
create function ledger_reverse(p_name text, p_reverse_name text, p_at timestamptz)
returns boolean language plpgsql as $$
declare
  t ledger_transfer;
begin
  select * into t from ledger_transfer where name = p_name;
  if not found then return false; end if;
  if t.reverses_id is not null then raise exception 'transfer % is itself a reverse', p_name; end if;
  insert into ledger_transfer (name, debit_id, credit_id, amount_minor, reason, at, reverses_id)
  values (p_reverse_name, t.credit_id, t.debit_id, t.amount_minor, 'reverse', p_at, t.id)
  on conflict do nothing;
  if not found then return false; end if;
  update ledger_account set balance_minor = balance_minor + t.amount_minor where id = t.debit_id and balance_minor is not null;
  update ledger_account set balance_minor = balance_minor - t.amount_minor where id = t.credit_id and balance_minor is not null;
  return true;
end
$$;
