// Queries 9 to 15 of TPC-H, with the parameters that its specification validates by.

import { count, float64, int64, when } from "millrace";
import { amount, day, one, type Tables } from "./tables.ts";

/** Product type profit. */
export function q9({ part, supplier, lineitem, partsupp, orders, nation }: Tables) {
  return lineitem
    .join(
      part.where((c) => c.p_name.contains("green")),
      (l, r) => l.l_partkey.eq(r.p_partkey),
    )
    .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
    .join(partsupp, (l, r) => l.l_suppkey.eq(r.ps_suppkey).and(l.l_partkey.eq(r.ps_partkey)))
    .join(orders, (l, r) => l.l_orderkey.eq(r.o_orderkey))
    .join(nation, (l, r) => l.s_nationkey.eq(r.n_nationkey))
    .select((c) => ({
      nation: c.n_name,
      o_year: c.o_orderdate.year(),
      profit: c.l_extendedprice.mul(one.sub(c.l_discount)).sub(c.ps_supplycost.mul(c.l_quantity)),
    }))
    .groupBy("nation", "o_year")
    .agg((c) => ({ sum_profit: c.profit.sum() }))
    .sortBy((c) => [c.nation, c.o_year.desc()]);
}

/** Returned items. */
export function q10({ customer, orders, lineitem, nation }: Tables) {
  return lineitem
    .where((c) => c.l_returnflag.eq("R"))
    .join(
      orders.where((c) =>
        c.o_orderdate.ge(day("1993-10-01")).and(c.o_orderdate.lt(day("1994-01-01"))),
      ),
      (l, r) => l.l_orderkey.eq(r.o_orderkey),
    )
    .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
    .join(nation, (l, r) => l.c_nationkey.eq(r.n_nationkey))
    .groupBy("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
    .agg((c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }))
    .select(
      "c_custkey",
      "c_name",
      "revenue",
      "c_acctbal",
      "n_name",
      "c_address",
      "c_phone",
      "c_comment",
    )
    .sortBy((c) => c.revenue.desc())
    .limit(20);
}

/** Important stock. The fraction that matters shrinks as tables grow. */
export function q11({ partsupp, supplier, nation }: Tables, scale: number) {
  const german = partsupp
    .join(supplier, (l, r) => l.ps_suppkey.eq(r.s_suppkey))
    .join(
      nation.where((c) => c.n_name.eq("GERMANY")),
      (l, r) => l.s_nationkey.eq(r.n_nationkey),
    )
    .select("ps_partkey", (c) => ({
      worth: c.ps_supplycost.mul(c.ps_availqty.cast(int64)),
    }));
  const total = german.agg((c) => ({ total: c.worth.sum() }));
  return german
    .groupBy("ps_partkey")
    .agg((c) => ({ value: c.worth.sum() }))
    .crossJoin(total)
    .where((c) => c.value.cast(float64).gt(c.total.cast(float64).mul(0.0001 / scale)))
    .select("ps_partkey", "value")
    .sortBy((c) => c.value.desc());
}

/** Shipping modes and order priority. */
export function q12({ orders, lineitem }: Tables) {
  return lineitem
    .where((c) =>
      c.l_shipmode
        .isIn("MAIL", "SHIP")
        .and(c.l_commitdate.lt(c.l_receiptdate))
        .and(c.l_shipdate.lt(c.l_commitdate))
        .and(c.l_receiptdate.ge(day("1994-01-01")))
        .and(c.l_receiptdate.lt(day("1995-01-01"))),
    )
    .join(orders, (l, r) => l.l_orderkey.eq(r.o_orderkey))
    .groupBy("l_shipmode")
    .agg((c) => {
      const isHigh = c.o_orderpriority.isIn("1-URGENT", "2-HIGH");
      return {
        high_line_count: count().where(isHigh),
        low_line_count: count().where(isHigh.not()),
      };
    })
    .sortBy((c) => c.l_shipmode);
}

/** Customer distribution. */
export function q13({ customer, orders }: Tables) {
  const plain = orders.where((c) => c.o_comment.like("%special%requests%").not());
  return customer
    .join(plain, (l, r) => l.c_custkey.eq(r.o_custkey), "left")
    .groupBy("c_custkey")
    .agg((c) => ({ c_count: c.o_orderkey.count() }))
    .groupBy("c_count")
    .agg({ custdist: count() })
    .sortBy((c) => [c.custdist.desc(), c.c_count.desc()]);
}

/** Promotion effect. */
export function q14({ lineitem, part }: Tables) {
  return lineitem
    .where((c) => c.l_shipdate.ge(day("1995-09-01")).and(c.l_shipdate.lt(day("1995-10-01"))))
    .join(part, (l, r) => l.l_partkey.eq(r.p_partkey))
    .select("p_type", (c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)) }))
    .agg((c) => ({
      promo: when(c.p_type.startsWith("PROMO")).then(c.revenue).otherwise(amount("0")).sum(),
      all: c.revenue.sum(),
    }))
    .select((c) => ({ promo_revenue: c.promo.div(c.all).mul(100) }));
}

/** Top supplier. */
export function q15({ lineitem, supplier }: Tables) {
  const revenue = lineitem
    .where((c) => c.l_shipdate.ge(day("1996-01-01")).and(c.l_shipdate.lt(day("1996-04-01"))))
    .groupBy("l_suppkey")
    .agg((c) => ({ total_revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }));
  const best = revenue.agg((c) => ({ best: c.total_revenue.max() }));
  return supplier
    .join(revenue, (l, r) => l.s_suppkey.eq(r.l_suppkey))
    .join(best, (l, r) => l.total_revenue.eq(r.best))
    .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
    .sortBy((c) => c.s_suppkey);
}
