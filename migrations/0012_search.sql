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

-- The features of a picture in a space; none where `fault` says why, or where the picture is gone.
create table search_vector (
  space_id integer not null references search_space (id) on delete cascade,
  picture_id bigint not null,
  product_id bigint not null,
  -- Which searches may find it; see `groups.ts`.
  group_no smallint not null check (group_no between 0 and 15),
  -- Its place in the order of all changes, which every node follows.
  change bigint not null,
  features bytea,
  fault text,
  tries integer not null default 0,
  retry_at timestamptz,
  primary key (space_id, picture_id)
);
create index search_vector_change_idx on search_vector (space_id, change);
create index search_vector_product_id_idx on search_vector (product_id);

-- Drawn while the lock of search's writers is held, so that the order of changes is the order of commits.
create sequence search_change;
-- Grows with every commit that changes what nodes have in memory.
create table search_epoch (id smallint primary key default 1 check (id = 1), value bigint not null default 0);
insert into search_epoch default values;

-- Products whose pictures have to be looked at again; `version` tells whether they changed while that was done.
create table search_due (
  space_id integer not null references search_space (id) on delete cascade,
  product_id bigint not null,
  version bigint not null default 1,
  primary key (space_id, product_id)
);

-- Whoever writes products notes them as due in the same statement, so that no write is missed and none waits for pictures.
create function search_note_products() returns trigger language plpgsql as $$
begin
  insert into search_due (space_id, product_id)
  select s.id, c.id from changed c cross join search_space s where s.state <> 'retired' order by s.id, c.id
  on conflict (space_id, product_id) do update set version = search_due.version + 1;
  return null;
end
$$;
create function search_note_changed_products() returns trigger language plpgsql as $$
begin
  insert into search_due (space_id, product_id)
  select s.id, c.id
  from changed c join before b on b.id = c.id cross join search_space s
  where s.state <> 'retired' and c.details -> 'images' is distinct from b.details -> 'images'
  order by s.id, c.id
  on conflict (space_id, product_id) do update set version = search_due.version + 1;
  return null;
end
$$;
create trigger search_note_new after insert on product
  referencing new table as changed for each statement execute function search_note_products();
create trigger search_note_changed after update on product
  referencing new table as changed old table as before for each statement execute function search_note_changed_products();
create trigger search_note_gone after delete on product
  referencing old table as changed for each statement execute function search_note_products();
