-- What an embedder learnt, by its fingerprint.
create table search_asset (
  fingerprint text primary key,
  embedder text not null check (embedder <> ''),
  -- `default` came with the program, `learnt` from this installation's pictures.
  origin text not null check (origin in ('default', 'learnt')),
  bytes bytea not null,
  created_at timestamptz not null
);

-- A space holds the features of every picture by one embedder. Searches ask the active one; another is filled beside it and
-- then takes its place.
create table search_space (
  id integer generated always as identity primary key,
  fingerprint text not null references search_asset (fingerprint),
  state text not null check (state in ('filling', 'active', 'retired')),
  -- Products up to this id were noted as due when the space was made; null when all were.
  noted_to bigint default 0,
  created_at timestamptz not null,
  activated_at timestamptz,
  retired_at timestamptz
);
create unique index search_space_active_idx on search_space (state) where state = 'active';
create unique index search_space_filling_idx on search_space (state) where state = 'filling';

-- Pictures of products that are to be found. An address is an https URL or a path below /media/.
create table search_picture (
  id bigint generated always as identity primary key,
  product_id bigint not null,
  role text not null check (role in ('image', 'qc')),
  address text not null check (address <> ''),
  unique (product_id, role, address)
);

-- A picture in a space: its features, or why it has none, or since when it is gone. The last is kept for a while, so that
-- nodes hear of it.
create table search_vector (
  space_id integer not null references search_space (id) on delete cascade,
  picture_id bigint not null,
  product_id bigint not null,
  -- Which searches may find it; see `groups.ts`.
  group_no smallint not null check (group_no between 0 and 15),
  -- The value of search_epoch that came with it: nodes read on from the last one that they know. 0 where there is nothing
  -- to know, as of a picture that never had features.
  change bigint not null,
  features bytea,
  fault text check (fault <> ''),
  removed_at timestamptz,
  -- Of a picture with a fault: how often it was asked for, and when it is asked for again; null for never.
  tries integer not null default 0,
  retry_at timestamptz,
  primary key (space_id, picture_id),
  check (num_nonnulls(features, fault, removed_at) = 1)
);
-- Noise to a compressor, and read whole and often.
alter table search_vector alter column features set storage external;
alter table search_vector set (toast_tuple_target = 8160);
create index search_vector_change_idx on search_vector (space_id, change, picture_id);
create index search_vector_product_id_idx on search_vector (product_id);
create index search_vector_fault_idx on search_vector (space_id, fault) where fault is not null;
create index search_vector_retry_at_idx on search_vector (space_id, retry_at) where retry_at is not null;
create index search_vector_removed_at_idx on search_vector (removed_at) where removed_at is not null;

-- Grows with every commit that changes what nodes have in memory. Its row is locked until then, so that these commits come
-- one after another and whoever has read a value has missed nothing before it.
create table search_epoch (
  id smallint primary key default 1 check (id = 1),
  value bigint not null default 0,
  changed_at timestamptz
);
insert into search_epoch default values;

-- Products whose pictures have to be looked at. Rows are only added, so that writers of products never wait here, neither for
-- each other nor for the indexer; the indexer deletes those that it had read before it read the product.
create table search_due (
  id bigint generated always as identity,
  space_id integer not null,
  product_id bigint not null,
  primary key (space_id, id)
);
create index search_due_product_id_idx on search_due (space_id, product_id);

-- Whoever writes products notes them as due in the same statement, so that no write is missed and none waits for pictures.
create function search_note_new() returns trigger language plpgsql as $$
begin
  insert into search_due (space_id, product_id)
  select s.id, c.id from search_space s cross join changed c where s.state <> 'retired';
  return null;
end
$$;
create function search_note() returns trigger language plpgsql as $$
begin
  insert into search_due (space_id, product_id)
  select s.id, coalesce(new.id, old.id) from search_space s where s.state <> 'retired';
  return null;
end
$$;
create trigger search_note_new after insert on product
  referencing new table as changed for each statement execute function search_note_new();
create trigger search_note_changed after update of details, marketplace on product for each row
  when (old.details -> 'images' is distinct from new.details -> 'images' or old.marketplace <> new.marketplace)
  execute function search_note();
create trigger search_note_gone after delete on product for each row execute function search_note();
