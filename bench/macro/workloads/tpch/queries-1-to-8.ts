// Queries 1 to 8 of TPC-H, with the parameters that its specification validates by.

import { count, when } from "millrace";
import { amount, day, one, type Tables } from "./tables.ts";

/** Pricing summary. */
export function q1({ lineitem }: Tables) {
  return lineitem
    .where((c) => c.l_shipdate.le(day("1998-09-02")))
    .groupBy("l_returnflag", "l_linestatus")
    .agg((c) => {
      const discounted = c.l_extendedprice.mul(one.sub(c.l_discount));
      return {
        sum_qty: c.l_quantity.sum(),
        sum_base_price: c.l_extendedprice.sum(),
        sum_disc_price: discounted.sum(),
        sum_charge: discounted.mul(one.add(c.l_tax)).sum(),
        avg_qty: c.l_quantity.avg(),
        avg_price: c.l_extendedprice.avg(),
        avg_disc: c.l_discount.avg(),
        count_order: count(),
      };
    })
    .sortBy((c) => [c.l_returnflag, c.l_linestatus]);
}

/** Minimum cost supplier. */
export function q2({ part, supplier, partsupp, nation, region }: Tables) {
  const offers = partsupp
    .join(supplier, (l, r) => l.ps_suppkey.eq(r.s_suppkey))
    .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
    .join(
      region.where((c) => c.r_name.eq("EUROPE")),
      (l, r) => l.n_regionkey.eq(r.r_regionkey),
    );
  const wanted = part
    .where((c) => c.p_size.eq(15).and(c.p_type.endsWith("BRASS")))
    .join(offers, (l, r) => l.p_partkey.eq(r.ps_partkey));
  const cheapest = wanted
    .groupBy((c) => ({ cheap_part: c.p_partkey }))
    .agg((c) => ({ least: c.ps_supplycost.min() }));
  return wanted
    .join(cheapest, (l, r) => l.p_partkey.eq(r.cheap_part).and(l.ps_supplycost.eq(r.least)))
    .select(
      "s_acctbal",
      "s_name",
      "n_name",
      "p_partkey",
      "p_mfgr",
      "s_address",
      "s_phone",
      "s_comment",
    )
    .sortBy((c) => [c.s_acctbal.desc(), c.n_name, c.s_name, c.p_partkey])
    .limit(100);
}

/** Shipping priority. */
export function q3({ customer, orders, lineitem }: Tables) {
  const early = orders.where((c) => c.o_orderdate.lt(day("1995-03-15")));
  return lineitem
    .where((c) => c.l_shipdate.gt(day("1995-03-15")))
    .join(early, (l, r) => l.l_orderkey.eq(r.o_orderkey))
    .join(
      customer.where((c) => c.c_mktsegment.eq("BUILDING")),
      (l, r) => l.o_custkey.eq(r.c_custkey),
    )
    .groupBy("l_orderkey", "o_orderdate", "o_shippriority")
    .agg((c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }))
    .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
    .sortBy((c) => [c.revenue.desc(), c.o_orderdate])
    .limit(10);
}

/** Order priority checking. */
export function q4({ orders, lineitem }: Tables) {
  return orders
    .where((c) => c.o_orderdate.ge(day("1993-07-01")).and(c.o_orderdate.lt(day("1993-10-01"))))
    .join(
      lineitem.where((c) => c.l_commitdate.lt(c.l_receiptdate)),
      (l, r) => l.o_orderkey.eq(r.l_orderkey),
      "semi",
    )
    .groupBy("o_orderpriority")
    .agg({ order_count: count() })
    .sortBy((c) => c.o_orderpriority);
}

/** Local supplier volume. */
export function q5({ customer, orders, lineitem, supplier, nation, region }: Tables) {
  return lineitem
    .join(
      orders.where((c) =>
        c.o_orderdate.ge(day("1994-01-01")).and(c.o_orderdate.lt(day("1995-01-01"))),
      ),
      (l, r) => l.l_orderkey.eq(r.o_orderkey),
    )
    .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
    .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey).and(l.c_nationkey.eq(r.s_nationkey)))
    .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
    .join(
      region.where((c) => c.r_name.eq("ASIA")),
      (l, r) => l.n_regionkey.eq(r.r_regionkey),
    )
    .groupBy("n_name")
    .agg((c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }))
    .sortBy((c) => c.revenue.desc());
}

/** Forecasting revenue change. */
export function q6({ lineitem }: Tables) {
  return lineitem
    .where((c) =>
      c.l_shipdate
        .ge(day("1994-01-01"))
        .and(c.l_shipdate.lt(day("1995-01-01")))
        .and(c.l_discount.between(amount("0.05"), amount("0.07")))
        .and(c.l_quantity.lt(amount("24"))),
    )
    .agg((c) => ({ revenue: c.l_extendedprice.mul(c.l_discount).sum() }));
}

/** Volume shipping. */
export function q7({ supplier, lineitem, orders, customer, nation }: Tables) {
  const some = nation.where((c) => c.n_name.isIn("FRANCE", "GERMANY"));
  const from = some.select((c) => ({ supp_key: c.n_nationkey, supp_nation: c.n_name }));
  const to = some.select((c) => ({ cust_key: c.n_nationkey, cust_nation: c.n_name }));
  return lineitem
    .where((c) => c.l_shipdate.between(day("1995-01-01"), day("1996-12-31")))
    .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
    .join(from, (l, r) => l.s_nationkey.eq(r.supp_key))
    .join(orders, (l, r) => l.l_orderkey.eq(r.o_orderkey))
    .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
    .join(to, (l, r) => l.c_nationkey.eq(r.cust_key))
    .where((c) => c.supp_nation.ne(c.cust_nation))
    .groupBy("supp_nation", "cust_nation", (c) => ({ l_year: c.l_shipdate.year() }))
    .agg((c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }))
    .sortBy((c) => [c.supp_nation, c.cust_nation, c.l_year]);
}

/** National market share. */
export function q8({ part, supplier, lineitem, orders, customer, nation, region }: Tables) {
  const american = nation
    .join(
      region.where((c) => c.r_name.eq("AMERICA")),
      (l, r) => l.n_regionkey.eq(r.r_regionkey),
    )
    .select((c) => ({ american_key: c.n_nationkey }));
  const sellers = nation.select((c) => ({ seller_key: c.n_nationkey, seller: c.n_name }));
  return lineitem
    .join(
      part.where((c) => c.p_type.eq("ECONOMY ANODIZED STEEL")),
      (l, r) => l.l_partkey.eq(r.p_partkey),
    )
    .join(
      orders.where((c) => c.o_orderdate.between(day("1995-01-01"), day("1996-12-31"))),
      (l, r) => l.l_orderkey.eq(r.o_orderkey),
    )
    .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
    .join(american, (l, r) => l.c_nationkey.eq(r.american_key), "semi")
    .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
    .join(sellers, (l, r) => l.s_nationkey.eq(r.seller_key))
    .select("seller", (c) => ({
      o_year: c.o_orderdate.year(),
      volume: c.l_extendedprice.mul(one.sub(c.l_discount)),
    }))
    .groupBy("o_year")
    .agg((c) => ({
      brazil: when(c.seller.eq("BRAZIL")).then(c.volume).otherwise(amount("0")).sum(),
      all: c.volume.sum(),
    }))
    .select("o_year", (c) => ({ mkt_share: c.brazil.div(c.all) }))
    .sortBy((c) => c.o_year);
}
