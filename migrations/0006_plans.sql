-- What accounts have bought or been given.

-- What is different from the plan for this account alone; see money/plans for its members.
alter table account_plan add column overrides jsonb not null default '{}';
-- A sandbox has the limits of its live account, whose plans alone are kept.
delete from account_plan where account_id in (select id from account where twin_of is not null);

create table account_add_on (
  account_id bigint not null references account,
  product text not null,
  add_on text not null,
  primary key (account_id, product, add_on)
);

-- One row. Whatever changes an account's plans or add-ons adds to it in the same transaction; every node watches it.
create table plan_epoch (
  one boolean primary key default true check (one),
  value bigint not null
);
insert into plan_epoch (value) values (1);

create table subscription (
  id bigint generated always as identity primary key,
  account_id bigint not null references account,
  product text not null,
  kind text not null check (kind in ('plan', 'add_on')),
  -- The plan's or the add-on's id in the catalogue.
  offer text not null,
  state text not null check (state in ('active', 'cancelling', 'ended')),
  -- Of each period, as it was when it began; it stays so for as long as the subscription lasts.
  price_usd_micros bigint not null check (price_usd_micros > 0),
  -- Periods are whole months counted from here, so that one begun on the 31st does not drift.
  anchor_at timestamptz not null,
  -- The current period: 0 is the first.
  period int not null default 0 check (period >= 0),
  period_start_at timestamptz not null,
  period_end_at timestamptz not null check (period_end_at > period_start_at),
  created_at timestamptz not null,
  ended_at timestamptz check ((state = 'ended') = (ended_at is not null))
);
-- One plan for each product, and each add-on once.
create unique index subscription_plan on subscription (account_id, product) where kind = 'plan' and state <> 'ended';
create unique index subscription_add_on on subscription (account_id, product, offer) where kind = 'add_on' and state <> 'ended';
create index subscription_due on subscription (period_end_at) where state <> 'ended';
