-- The eight tables of TPC-H and rows of its shape, by a generator of our own: keys, dates, prices and words are distributed as the
-- specification says (sparse order keys, customers without orders, four suppliers for each part, dates that depend on the order's).
-- Deterministic: hashes of the row number, no random(). `bench.scale` is the scale: 1 makes six million line items.

create function h(n bigint, salt int) returns bigint language sql immutable parallel safe as
$$ select ((hashint8extended(n, salt) >> 8) & 2147483647) $$;
create function scaled(n int) returns int language sql stable as $$ select (n * current_setting('bench.scale')::float8)::int $$;
-- A piece of a text, as a comment.
create function words(n bigint, salt int, length int) returns text language sql immutable parallel safe as
$$ select substr('furiously special pending requests deposits among the accounts packages express final ironic regular bold carefully slyly blithely even silent unusual theodolites platelets about the instructions foxes ideas dependencies pinto beans asymptotes sleep quickly. Customer accounts nag against the bold Complaints; regular requests haggle above the ironic foxes. blithely final packages wake furiously across the silent deposits. special pinto beans integrate along the express requests. quickly even theodolites detect slyly after the unusual platelets. pending ideas boost carefully under the regular instructions. daringly fluffy courts cajole beside the stealthy sauternes. ruthless dolphins doze never busily quiet warthogs. thinly dogged frays print between the close sentiments. permanent grouches nod atop the enticing multipliers. sometimes bravely tithes dazzle despite the idle attainments. brave braids kindle outside the sly decoys. evenly escapades doubt instead of the final warhorses. Customer sheaves affix idly along with the silent Complaints and the daring realms.',
  (1 + ((hashint8extended(n, salt) >> 8) & 1023) % 900)::int, length) $$;

create table region (r_regionkey int primary key, r_name char(25) not null, r_comment varchar(152));
create table nation (n_nationkey int primary key, n_name char(25) not null, n_regionkey int not null references region, n_comment varchar(152));
create table part (
  p_partkey int primary key, p_name varchar(55) not null, p_mfgr char(25) not null, p_brand char(10) not null, p_type varchar(25) not null,
  p_size int not null, p_container char(10) not null, p_retailprice decimal(15,2) not null, p_comment varchar(23) not null);
create table supplier (
  s_suppkey int primary key, s_name char(25) not null, s_address varchar(40) not null, s_nationkey int not null references nation,
  s_phone char(15) not null, s_acctbal decimal(15,2) not null, s_comment varchar(101) not null);
create table partsupp (
  ps_partkey int not null references part, ps_suppkey int not null references supplier, ps_availqty int not null,
  ps_supplycost decimal(15,2) not null, ps_comment varchar(199) not null, primary key (ps_partkey, ps_suppkey));
create table customer (
  c_custkey int primary key, c_name varchar(25) not null, c_address varchar(40) not null, c_nationkey int not null references nation,
  c_phone char(15) not null, c_acctbal decimal(15,2) not null, c_mktsegment char(10) not null, c_comment varchar(117) not null);
create table orders (
  o_orderkey int primary key, o_custkey int not null references customer, o_orderstatus char(1) not null, o_totalprice decimal(15,2) not null,
  o_orderdate date not null, o_orderpriority char(15) not null, o_clerk char(15) not null, o_shippriority int not null, o_comment varchar(79) not null);
create table lineitem (
  l_orderkey int not null references orders, l_partkey int not null, l_suppkey int not null, l_linenumber int not null,
  l_quantity decimal(15,2) not null, l_extendedprice decimal(15,2) not null, l_discount decimal(15,2) not null, l_tax decimal(15,2) not null,
  l_returnflag char(1) not null, l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null,
  l_shipinstruct char(25) not null, l_shipmode char(10) not null, l_comment varchar(44) not null,
  primary key (l_orderkey, l_linenumber), foreign key (l_partkey, l_suppkey) references partsupp);

set session_replication_role = replica; -- foreign keys hold by construction
insert into region
select g, (array['AFRICA','AMERICA','ASIA','EUROPE','MIDDLE EAST'])[g + 1], words(g, 1, 60) from generate_series(0, 4) g;
insert into nation
select g, (array['ALGERIA','ARGENTINA','BRAZIL','CANADA','EGYPT','ETHIOPIA','FRANCE','GERMANY','INDIA','INDONESIA','IRAN','IRAQ','JAPAN','JORDAN','KENYA','MOROCCO','MOZAMBIQUE','PERU','CHINA','ROMANIA','SAUDI ARABIA','VIETNAM','RUSSIA','UNITED KINGDOM','UNITED STATES'])[g + 1],
  (array[0,1,1,1,4,0,3,3,2,2,4,4,2,4,0,0,0,1,2,3,4,2,3,3,1])[g + 1], words(g, 2, 60) from generate_series(0, 24) g;
insert into part
select g, (select string_agg((array['almond','antique','aquamarine','azure','beige','bisque','black','blanched','blue','blush','brown','burlywood','chartreuse','chiffon','chocolate','coral','cornflower','cream','cyan','dark','deep','dim','dodger','drab','firebrick','forest','frosted','ghost','goldenrod','green','grey','honeydew','hot','indian','ivory','khaki','lace','lavender','lawn','lemon','light','lime','linen','magenta','maroon','medium','metallic','midnight','mint','misty'])[1 + h(g * 7 + k, 3) % 50], ' ') from generate_series(1, 5) k),
  'Manufacturer#' || m, 'Brand#' || m || (1 + h(g, 5) % 5),
  (array['STANDARD','SMALL','MEDIUM','LARGE','ECONOMY','PROMO'])[1 + h(g, 6) % 6] || ' ' || (array['ANODIZED','BURNISHED','PLATED','POLISHED','BRUSHED'])[1 + h(g, 7) % 5] || ' ' || (array['TIN','NICKEL','BRASS','STEEL','COPPER'])[1 + h(g, 8) % 5],
  1 + h(g, 9) % 50, (array['SM','LG','MED','JUMBO','WRAP'])[1 + h(g, 10) % 5] || ' ' || (array['CASE','BOX','BAG','JAR','PKG','PACK','CAN','DRUM'])[1 + h(g, 11) % 8],
  900 + (g / 10) % 2001 / 10.0 + g % 1000, words(g, 12, 14)
from (select g, 1 + h(g, 4) % 5 as m from generate_series(1, scaled(200000)) g) x;
insert into supplier
select g, 'Supplier#' || lpad(g::text, 9, '0'), left(md5(g::text), 10 + (h(g, 13) % 25)::int), h(g, 14) % 25,
  (10 + h(g, 14) % 25) || '-' || (100 + h(g, 15) % 900) || '-' || (100 + h(g, 16) % 900) || '-' || (1000 + h(g, 17) % 9000),
  -999 + (h(g, 18) % 1099800) / 100.0, words(g, 19, 62) from generate_series(1, scaled(10000)) g;
insert into partsupp
select p, 1 + (p + i * (s / 4 + (p - 1) / s)) % s, 1 + h(p * 4 + i, 20) % 9999, 1 + (h(p * 4 + i, 21) % 99900) / 100.0, words(p * 4 + i, 22, 124)
from scaled(10000) s, generate_series(1, scaled(200000)) p, generate_series(0, 3) i on conflict do nothing;
insert into customer
select g, 'Customer#' || lpad(g::text, 9, '0'), left(md5('c' || g), 10 + (h(g, 23) % 25)::int), h(g, 24) % 25,
  (10 + h(g, 24) % 25) || '-' || (100 + h(g, 25) % 900) || '-' || (100 + h(g, 26) % 900) || '-' || (1000 + h(g, 27) % 9000),
  -999 + (h(g, 28) % 1099800) / 100.0, (array['AUTOMOBILE','BUILDING','FURNITURE','MACHINERY','HOUSEHOLD'])[1 + h(g, 29) % 5], words(g, 30, 73)
from generate_series(1, scaled(150000)) g;
-- Eight of each 32 order keys are used, two of three customers order, one to seven lines an order.
create unlogged table o as
select ((g - 1) / 8) * 32 + (g - 1) % 8 + 1 as k, g, 1 + ((h(g, 31) % (c * 2 / 3)) * 3 / 2) as customer, date '1992-01-01' + (h(g, 32) % 2406)::int as d, 1 + h(g, 33) % 7 as lines
from scaled(150000) c, generate_series(1, scaled(1500000)) g;
insert into lineitem
select k, p, 1 + (p + (h(g * 8 + i, 35) % 4) * (s / 4 + (p - 1) / s)) % s, i, q, q * (900 + (p / 10) % 2001 / 10.0 + p % 1000), (h(g * 8 + i, 37) % 11) / 100.0, (h(g * 8 + i, 38) % 9) / 100.0,
  case when received <= date '1995-06-17' then (array['R','A'])[1 + h(g * 8 + i, 39) % 2] else 'N' end, case when sent > date '1995-06-17' then 'O' else 'F' end,
  sent, d + (30 + h(g * 8 + i, 40) % 61)::int, received,
  (array['DELIVER IN PERSON','COLLECT COD','NONE','TAKE BACK RETURN'])[1 + h(g * 8 + i, 41) % 4], (array['REG AIR','AIR','RAIL','SHIP','TRUCK','MAIL','FOB'])[1 + h(g * 8 + i, 42) % 7],
  words(g * 8 + i, 43, 27)
from (select o.*, i, scaled(10000) as s, 1 + h(g * 8 + i, 34) % scaled(200000) as p, 1 + h(g * 8 + i, 36) % 50 as q,
    d + (1 + h(g * 8 + i, 44) % 121)::int as sent, d + (1 + h(g * 8 + i, 44) % 121)::int + (1 + h(g * 8 + i, 45) % 30)::int as received
  from o, generate_series(1, lines) i) x;
insert into orders
select k, customer, case when d < date '1995-03-01' then 'F' when d > date '1995-06-17' then 'O' else 'P' end, 1000 + (h(g, 46) % 40000000) / 100.0, d,
  (array['1-URGENT','2-HIGH','3-MEDIUM','4-NOT SPECIFIED','5-LOW'])[1 + h(g, 47) % 5], 'Clerk#' || lpad((1 + h(g, 48) % scaled(1000))::text, 9, '0'), 0, words(g, 49, 49)
from o;
drop table o;
set session_replication_role = default;
