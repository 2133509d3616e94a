-- What the addresses of private pictures are signed with; made when the first one is.
create table media_secret (
  id smallint primary key default 1 check (id = 1),
  secret bytea not null check (length(secret) = 32)
);

-- Photos that a warehouse, an uploader or a feed took of one product at one time.
create table qc_set (
  id bigint generated always as identity primary key,
  product_id bigint not null references product (id) on delete cascade,
  sku_id text check (sku_id <> ''),
  source text not null check (source in ('warehouse', 'upload', 'feed')),
  -- Null: nobody knows.
  taken_at timestamptz,
  weight_grams integer check (weight_grams > 0),
  length_mm integer check (length_mm > 0),
  width_mm integer check (width_mm > 0),
  height_mm integer check (height_mm > 0),
  is_public boolean not null,
  created_at timestamptz not null,
  -- Of the pictures and when they were taken: what is sent twice is kept once.
  content_digest bytea not null,
  unique (product_id, content_digest),
  check (num_nulls(length_mm, width_mm, height_mm) in (0, 3))
);

create table qc_photo (
  id bigint generated always as identity primary key,
  set_id bigint not null references qc_set (id) on delete cascade,
  place integer not null check (place >= 0),
  -- Below /media/.
  path text not null check (path <> ''),
  -- Perceptual; null for a picture that is blank, as those all look alike.
  phash bit(256),
  unique (set_id, place)
);

-- Look-ups read one row: how many public photos there are, and the first of them.
alter table product add column qc_count bigint not null default 0 check (qc_count >= 0);
update product set qc_count = cardinality(qc_photos), qc_photos = qc_photos[1:5] where qc_photos <> '{}';
alter table product add check (cardinality(qc_photos) = least(qc_count, 5));
