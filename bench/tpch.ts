/** The eight tables of TPC-H with rows by our own generator; 15,000 line items at scale 1. Primary keys and foreign keys are declared. */
export function tpchSql(scale = 1): string {
  const n = (rows: number) => Math.round(rows * scale)
  return `
  create table region (r_regionkey int primary key, r_name text not null, r_comment text);
  create table nation (n_nationkey int primary key, n_name text not null, n_regionkey int not null references region, n_comment text);
  create table supplier (s_suppkey int primary key, s_name text not null, s_address text, s_nationkey int not null references nation, s_phone text, s_acctbal numeric(12, 2), s_comment text);
  create table customer (c_custkey int primary key, c_name text not null, c_address text, c_nationkey int not null references nation, c_phone text, c_acctbal numeric(12, 2), c_mktsegment text);
  create table part (p_partkey int primary key, p_name text not null, p_mfgr text, p_brand text, p_type text, p_size int, p_container text, p_retailprice numeric(12, 2));
  create table partsupp (ps_partkey int not null references part, ps_suppkey int not null references supplier, ps_availqty int, ps_supplycost numeric(12, 2), primary key (ps_partkey, ps_suppkey));
  create table orders (o_orderkey int primary key, o_custkey int not null references customer, o_orderstatus text, o_totalprice numeric(12, 2), o_orderdate date, o_orderpriority text, o_clerk text);
  create table lineitem (l_orderkey int not null references orders, l_partkey int not null, l_suppkey int not null, l_linenumber int not null, l_quantity numeric(12, 2), l_extendedprice numeric(12, 2), l_discount numeric(12, 2), l_tax numeric(12, 2), l_returnflag text, l_shipdate date, l_commitdate date, l_receiptdate date,
    primary key (l_orderkey, l_linenumber), foreign key (l_partkey, l_suppkey) references partsupp);
  select setseed(0.42);
  insert into region select i, 'region ' || i, md5(i::text) from generate_series(0, 4) i;
  insert into nation select i, 'nation ' || i, i % 5, md5(i::text) from generate_series(0, 24) i;
  insert into supplier select i, 'Supplier#' || i, md5('s' || i), (random() * 24)::int, 'ph' || i, (random() * 10000)::numeric(12, 2), md5('sc' || i) from generate_series(1, ${n(100)}) i;
  insert into customer select i, 'Customer#' || i, md5('c' || i), (random() * 24)::int, 'cp' || i, (random() * 10000 - 999)::numeric(12, 2), (array['BUILDING', 'AUTOMOBILE', 'MACHINERY', 'HOUSEHOLD', 'FURNITURE'])[1 + (random() * 4)::int] from generate_series(1, ${n(1500)}) i;
  insert into part select i, 'part ' || i, 'mfgr ' || (1 + (random() * 4)::int), 'brand ' || (random() * 25)::int, 'type ' || (random() * 150)::int, 1 + (random() * 49)::int, 'container ' || (random() * 39)::int, 900 + i % 1000 from generate_series(1, ${n(2000)}) i;
  insert into partsupp select p, 1 + (p * 7 + s * 23) % ${n(100)}, (random() * 9999)::int, (random() * 1000)::numeric(12, 2) from generate_series(1, ${n(2000)}) p, generate_series(0, 3) s on conflict do nothing;
  insert into orders select i, 1 + (random() * ${n(1500) - 1})::int, (array['O', 'F', 'P'])[1 + (random() * 2)::int], (random() * 100000)::numeric(12, 2), date '1992-01-01' + (random() * 2400)::int, (1 + (random() * 4)::int) || '-PRIORITY', 'Clerk#' || (random() * 100)::int from generate_series(1, ${n(4000)}) i;
  insert into lineitem select o, ps_partkey, ps_suppkey, l, 1 + (random() * 49)::int, (random() * 10000)::numeric(12, 2), (random() * 10)::int / 100.0, (random() * 8)::int / 100.0, (array['R', 'A', 'N'])[1 + (random() * 2)::int], d + 10, d + 30, d + 20
    from (select o, l, (o * 13 + l * 101) % (select count(*) from partsupp) as at, date '1992-01-01' + (random() * 2400)::int as d from generate_series(1, ${n(4000)}) o, generate_series(1, 4) l) x
    join (select ps_partkey, ps_suppkey, row_number() over (order by ps_partkey, ps_suppkey) - 1 as at from partsupp) y using (at);`
}
