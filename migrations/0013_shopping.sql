-- Shopping, up to an order that is ready to be bought.

-- Deadlines of shopping, in account time: real time and an offset that only grows. Live accounts have none.
create table account_clock (
  account_id bigint primary key references account,
  offset_ms bigint not null check (offset_ms >= 0)
);
create table timer (
  id bigint generated always as identity primary key,
  account_id bigint not null references account,
  -- To the millisecond, as whoever runs it compares it with what was read.
  due_at timestamptz(3) not null,
  kind text not null,
  -- What it is for, such as an order's number.
  ref text not null,
  -- After a failure it rests until this real time.
  tries integer not null default 0,
  not_before timestamptz,
  unique (kind, ref)
);
create index timer_due on timer (due_at);
create index timer_account on timer (account_id, due_at);

-- Persons: the one place with personal data.
create table customer (
  account_id bigint primary key references account,
  username text not null check (length(username) between 1 and 60),
  email text check (length(email) <= 254),
  avatar text check (length(avatar) <= 2000),
  language text not null check (length(language) between 2 and 12)
);
create table address (
  id bigint generated always as identity (start with 10) primary key,
  account_id bigint not null references account,
  name text not null,
  phone text not null,
  phone_e164 text,
  country text not null check (country ~ '^[A-Z]{2}$'),
  state text,
  city text not null,
  address text not null,
  zip_code text,
  is_default boolean not null,
  created_at timestamptz not null
);
create index address_account on address (account_id, id);
create unique index address_default on address (account_id) where is_default;
create table favorite (
  id bigint generated always as identity primary key,
  account_id bigint not null references account,
  product_id bigint not null,
  added_at timestamptz not null,
  -- The price that the customer was told last.
  told_fen bigint,
  unique (account_id, product_id)
);
create index favorite_account on favorite (account_id, id desc);

create table coupon (
  id bigint generated always as identity (start with 50) primary key,
  -- Whose it is: those of the demo are for sandboxes, which must not use up the others.
  catalogue text not null check (catalogue in ('live', 'demo')),
  name text not null check (length(name) between 1 and 100),
  type text not null check (type in ('percentage', 'fixed')),
  -- Percent, or fen.
  value bigint not null check (value > 0 and (type = 'fixed' or value <= 100)),
  min_order_fen bigint not null check (min_order_fen >= 0),
  max_discount_fen bigint check (max_discount_fen > 0),
  expires_at timestamptz not null,
  limit_total bigint check (limit_total > 0),
  limit_per_customer integer not null check (limit_per_customer > 0),
  claimed bigint not null default 0 check (claimed >= 0 and (limit_total is null or claimed <= limit_total)),
  created_at timestamptz not null,
  withdrawn_at timestamptz
);
create table coupon_claim (
  id bigint generated always as identity primary key,
  coupon_id bigint not null references coupon,
  account_id bigint not null references account,
  claimed_at timestamptz not null,
  -- The order that uses it; null while it can be used.
  order_id bigint,
  used_at timestamptz,
  check ((order_id is null) = (used_at is null))
);
create index coupon_claim_account on coupon_claim (account_id, coupon_id);
create unique index coupon_claim_order on coupon_claim (order_id) where order_id is not null;

create table cart_line (
  id bigint generated always as identity (start with 501) primary key,
  account_id bigint not null references account,
  product_id bigint not null,
  sku_id text not null,
  quantity integer not null check (quantity between 1 and 9999),
  selected boolean not null,
  remark text not null check (length(remark) <= 500),
  -- What the customer saw last, so that a change is told once; a stock may be unknown.
  seen_price_fen bigint not null,
  seen_stock integer,
  added_at timestamptz not null,
  unique (account_id, product_id, sku_id, remark)
);

-- What a customer was promised: the whole of a quote, until it ends.
create table order_quote (
  id text primary key,
  account_id bigint not null references account,
  expires_at timestamptz not null,
  -- The order that it became.
  order_id bigint,
  quote jsonb not null
);
create index order_quote_account on order_quote (account_id, expires_at desc);
create index order_quote_ends on order_quote (expires_at);

-- Numbers of a UTC day; drawn outside the order's transaction, so that nobody waits for somebody else's order.
create table order_number (
  prefix text not null,
  day date not null,
  last bigint not null,
  primary key (prefix, day)
);

create table purchase_order (
  id bigint generated always as identity primary key,
  order_no text not null unique,
  account_id bigint not null references account,
  -- Which of its account's orders it is, from 1 without gaps: any page of them is found at once.
  nth bigint not null,
  -- Follows from its lines; kept, so that lists can ask for it.
  status text not null check (status in
    ('pending', 'paid', 'purchased', 'shipped_to_warehouse', 'in_warehouse', 'completed', 'cancelled')),
  total_fen bigint not null check (total_fen >= 0),
  service_fee_fen bigint not null check (service_fee_fen >= 0),
  discount_fen bigint not null check (discount_fen between 0 and total_fen),
  payable_fen bigint not null check (payable_fen = total_fen + service_fee_fen - discount_fen),
  platform text not null,
  item_count integer not null,
  -- What the service fee is of the goods, in hundredths of a percent, when it was placed.
  fee_basis_points integer not null,
  remark text not null,
  coupon_id bigint,
  -- Of the folder of persons; no key, as an erased address leaves its orders.
  address_id bigint,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index purchase_order_account on purchase_order (account_id, nth desc);
create index purchase_order_status on purchase_order (account_id, status, nth desc);

-- How many orders an account has in each status and in `all`, as counting them takes longer the more there are.
create table order_tally (
  account_id bigint not null,
  status text not null,
  count bigint not null check (count >= 0),
  primary key (account_id, status)
);

create table order_line (
  id bigint generated always as identity primary key,
  order_id bigint not null references purchase_order,
  line_no integer not null,
  -- The line that this one was split from.
  split_of integer,
  state text not null,
  product_id bigint not null,
  marketplace text not null,
  listing_id text not null,
  sku_id text not null,
  title text not null,
  sku_name text not null,
  image text,
  remark text not null,
  quantity integer not null check (quantity > 0),
  price_fen bigint not null check (price_fen >= 0),
  -- Its shares of what the order costs.
  fee_fen bigint not null check (fee_fen >= 0),
  discount_fen bigint not null check (discount_fen >= 0),
  captured_fen bigint not null default 0 check (captured_fen >= 0),
  refunded_fen bigint not null default 0 check (refunded_fen between 0 and captured_fen),
  -- What a state says beside: the new price, the question, the reason.
  facts jsonb not null default '{}',
  unique (order_id, line_no)
);

-- Every move: who, why, from what to what, and the money.
create table order_move (
  id bigint generated always as identity primary key,
  order_id bigint not null references purchase_order,
  line_no integer not null,
  at timestamptz not null,
  -- In which part, and who it was: `cli:NAME`, `account:7`, `timer`.
  actor text not null,
  who text not null,
  move text not null,
  reason text,
  before text,
  after text not null,
  money_fen bigint not null,
  money text not null check (money in ('none', 'hold', 'capture', 'release', 'refund'))
);
create index order_move_order on order_move (order_id, id);
