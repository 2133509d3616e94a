-- Whom to doubt. Identifiers stand here as digests alone; the keys that made them are kept elsewhere.

-- The generations of those keys. `proof` tells a node whether it has the right one.
create table risk_key (
  generation smallint primary key check (generation > 0),
  proof bytea not null,
  announced_at timestamptz not null,
  -- When nothing of an older generation was left.
  settled_at timestamptz
);

create table risk_source (
  id bigint generated always as identity primary key,
  name text not null unique check (length(name) between 1 and 100),
  -- Who stands behind it: two sources of one party are one opinion.
  party text not null check (length(party) between 1 and 100),
  confidence smallint not null check (confidence between 1 and 100)
);

-- Entries of one subject are about the same one, whatever its digest is just now.
create sequence risk_subject;
create table risk_entry (
  id bigint generated always as identity primary key,
  subject bigint not null,
  -- An account, or 0: the operator's own list.
  owner bigint not null,
  kind text not null check (kind in ('adverse', 'allowed')),
  type text not null check (type in ('email', 'username', 'phone', 'address', 'ip', 'device')),
  reason_code text not null,
  -- Words and figures for the owner alone.
  reason text,
  details jsonb not null default '{}',
  evidence text,
  source_id bigint not null references risk_source,
  -- Masked.
  hint text not null,
  first_seen date not null,
  -- When it happened last, as far as is known: its age and its end count from there, so that listing it again makes nothing younger.
  seen_at timestamptz not null,
  listed_at timestamptz not null,
  expires_at timestamptz not null,
  -- Until when two independent parties list the same; until then it counts for others too.
  corroborated_until timestamptz,
  disputed_at timestamptz,
  -- Of a sandbox: nobody's opinion, and seen by nobody else.
  is_sandbox boolean not null,
  rule_version smallint not null,
  unique (subject, owner, source_id, kind, reason_code)
);
create index risk_entry_expires on risk_entry (expires_at);
create index risk_entry_owner on risk_entry (owner, id);

-- What entries are found by. An entry has one `subject` mark, and others beside. Whoever deletes an entry deletes its marks: a foreign key
-- would be asked for each of them, and there are four or five times as many, which makes an import a fifth slower.
create table risk_mark (
  digest bytea not null,
  owner bigint not null,
  -- What is allowed comes first, so that nobody can hide it behind many who list the same.
  is_adverse boolean not null,
  entry_id bigint not null,
  generation smallint not null,
  form text not null check (form in ('exact', 'canonical', 'near', 'network')),
  is_subject boolean not null,
  -- Until when its entry counts for others than its owner; they find it by an index that holds nothing else, so that whatever
  -- one owner lists can neither hide what others are to see, nor slow them down.
  shared_until timestamptz,
  primary key (digest, owner, is_adverse, entry_id)
);
create index risk_mark_shared on risk_mark (digest, is_adverse, entry_id) where shared_until is not null;
create index risk_mark_entry on risk_mark (entry_id);
create index risk_mark_generation on risk_mark (generation, entry_id);

-- How long the prefixes of listed networks are or once were, such as 4/24: addresses are looked for in networks of these alone.
create table risk_prefix (
  prefix text primary key
);

-- What stands under digests (32 bytes each, one behind the other): entries of the owner who asks with each, and where he sees others
-- those that count for them. Of one digest so many at most, the allowed and then the oldest first; a near digest of more than p_near_max
-- says nothing. A function, so that
-- it is planned once; its settings keep that plan to the indexes, however few rows there were then. Stable: it sees what the
-- statement sees that calls it.
create function risk_hits(p_digests bytea, p_owners bigint[], p_sees_others boolean[], p_is_near boolean[], p_at timestamptz,
  p_own_max int, p_others_max int, p_near_max int)
returns table (n int, listed_form text, id bigint, owner bigint, kind text, type text, reason_code text, reason text, details jsonb,
  first_seen text, seen_at timestamptz, expires_at timestamptz, disputed_at timestamptz, party text, confidence smallint)
language plpgsql stable set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query
  select p.n, m.form, e.id, e.owner, e.kind, e.type, e.reason_code, e.reason, e.details, e.first_seen::text, e.seen_at,
    least(e.expires_at, m.shared_until), e.disputed_at, s.party, s.confidence
  from (
    select (o.n - 1)::int as n, substr(p_digests, (32 * (o.n - 1) + 1)::int, 32) as digest, o.owner,
      p_sees_others[o.n] as sees_others, p_is_near[o.n] as is_near
    from unnest(p_owners) with ordinality as o (owner, n)) p
    cross join lateral (
      (select own.*, null::timestamptz as shared_until, count(*) over () > p_near_max as is_crowded from (
        select rm.entry_id, rm.form from risk_mark rm
        where rm.digest = p.digest and rm.owner = p.owner order by rm.is_adverse, rm.entry_id
        limit case when p.is_near then p_near_max + 1 else p_own_max end) own)
      union all
      (select others.*, count(*) over () > p_near_max from (
        select rm.entry_id, rm.form, rm.shared_until from risk_mark rm
        where p.sees_others and rm.digest = p.digest and rm.shared_until > p_at and rm.owner <> p.owner
        order by rm.is_adverse, rm.entry_id
        limit case when p.is_near then p_near_max + 1 else p_others_max end) others)) m
    join risk_entry e on e.id = m.entry_id and e.expires_at > p_at
    join risk_source s on s.id = e.source_id
  where not (p.is_near and m.is_crowded);
end
$$;

-- Someone who is listed objects. A code proves whose identifier it is, and buys a token. There are at most 1,000 a day, each
-- kept for about a day: too few to need other indexes.
create table risk_code (
  id bigint generated always as identity primary key,
  -- Of the mailbox or number that it was sent to, and of the network of who asked.
  digest bytea not null,
  caller_digest bytea not null,
  code_digest bytea not null unique,
  sent_at timestamptz not null,
  ends_at timestamptz not null,
  used_at timestamptz,
  token_digest bytea unique,
  token_ends_at timestamptz,
  -- As of risk_entry; null when nothing was listed.
  subject bigint
);
create table risk_dispute (
  id bigint generated always as identity primary key,
  type text not null,
  hint text not null,
  state text not null check (state in ('open', 'upheld', 'removed')),
  statement text not null,
  opened_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  decision text
);
create index risk_dispute_state on risk_dispute (state, id);
create table risk_dispute_entry (
  dispute_id bigint not null references risk_dispute,
  entry_id bigint not null references risk_entry on delete cascade,
  primary key (dispute_id, entry_id)
);
create index risk_dispute_entry_entry on risk_dispute_entry (entry_id);
-- What is left of an entry that was erased: that it was, and why; not whose it was.
create table risk_erasure (
  id bigint generated always as identity primary key,
  entry_id bigint not null,
  owner bigint not null,
  type text not null,
  reason_code text not null,
  source_id bigint not null,
  listed_at timestamptz not null,
  erased_at timestamptz not null,
  actor text not null,
  why text not null
);

-- Accounts by who signs in elsewhere.
create table oidc_identity (
  issuer text not null,
  subject text not null,
  account_id bigint not null references account,
  linked_at timestamptz not null,
  primary key (issuer, subject)
);
create index oidc_identity_account on oidc_identity (account_id);

-- What was known of who placed an order, sealed with a key that is not here.
create table customer_identifiers (
  order_id bigint primary key references purchase_order,
  account_id bigint not null references account,
  at timestamptz not null,
  generation smallint not null,
  sealed bytea not null
);
create index customer_identifiers_account on customer_identifiers (account_id, order_id);
create index customer_identifiers_at on customer_identifiers (at);

-- What the list said of an order when it was to be placed; without an order it was refused.
create table order_risk (
  id bigint generated always as identity primary key,
  account_id bigint not null references account,
  order_id bigint unique references purchase_order,
  at timestamptz not null,
  mode text not null check (mode in ('shadow', 'on')),
  verdict text not null check (verdict in ('allow', 'hold', 'refuse')),
  score smallint not null check (score between 0 and 100),
  rule_version smallint not null,
  -- Codes of reasons by the type of what was checked; no identifiers.
  reasons jsonb not null
);
create index order_risk_doubts on order_risk (account_id, at) where mode = 'on' and verdict <> 'allow';
