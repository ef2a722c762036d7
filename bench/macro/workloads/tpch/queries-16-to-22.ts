// Queries 16 to 22 of TPC-H, with the parameters that its specification validates by.

import { count, float64, some } from "millrace";
import { amount, day, one, type Tables } from "./tables.ts";

/** Parts and their suppliers. */
export function q16({ partsupp, part, supplier }: Tables) {
  const complained = supplier.where((c) => c.s_comment.like("%Customer%Complaints%"));
  return partsupp
    .join(
      part.where((c) =>
        c.p_brand
          .ne("Brand#45")
          .and(c.p_type.startsWith("MEDIUM POLISHED").not())
          .and(c.p_size.isIn(49, 14, 23, 45, 19, 3, 36, 9)),
      ),
      (l, r) => l.ps_partkey.eq(r.p_partkey),
    )
    .join(complained, (l, r) => l.ps_suppkey.eq(r.s_suppkey), "anti")
    .groupBy("p_brand", "p_type", "p_size")
    .agg((c) => ({ supplier_cnt: c.ps_suppkey.countDistinct() }))
    .sortBy((c) => [c.supplier_cnt.desc(), c.p_brand, c.p_type, c.p_size]);
}

/** Small-quantity orders. */
export function q17({ lineitem, part }: Tables) {
  const wanted = lineitem.join(
    part.where((c) => c.p_brand.eq("Brand#23").and(c.p_container.eq("MED BOX"))),
    (l, r) => l.l_partkey.eq(r.p_partkey),
  );
  const usual = wanted
    .groupBy((c) => ({ usual_part: c.l_partkey }))
    .agg((c) => ({ usual: c.l_quantity.avg() }));
  return wanted
    .join(usual, (l, r) => l.l_partkey.eq(r.usual_part))
    .where((c) => c.l_quantity.cast(float64).lt(c.usual.mul(0.2)))
    .agg((c) => ({ total: c.l_extendedprice.sum() }))
    .select((c) => ({ avg_yearly: c.total.div(7) }));
}

/** Large volume customers. */
export function q18({ customer, orders, lineitem }: Tables) {
  const large = lineitem
    .groupBy("l_orderkey")
    .agg((c) => ({ quantity: c.l_quantity.sum() }))
    .where((c) => c.quantity.gt(amount("300")));
  return orders
    .join(large, (l, r) => l.o_orderkey.eq(r.l_orderkey))
    .join(customer, (l, r) => l.o_custkey.eq(r.c_custkey))
    .select("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "quantity")
    .sortBy((c) => [c.o_totalprice.desc(), c.o_orderdate])
    .limit(100);
}

/** Discounted revenue. */
export function q19({ lineitem, part }: Tables) {
  return lineitem
    .where((c) => c.l_shipmode.isIn("AIR", "AIR REG").and(c.l_shipinstruct.eq("DELIVER IN PERSON")))
    .join(part, (l, r) => l.l_partkey.eq(r.p_partkey))
    .where((c) => {
      const fits = (brand: string, size: string, boxes: readonly string[], least: number) =>
        c.p_brand
          .eq(brand)
          .and(c.p_container.isIn(...boxes.map((box) => `${size} ${box}`)))
          .and(c.l_quantity.between(amount(`${least}`), amount(`${least + 10}`)));
      return some(
        fits("Brand#12", "SM", ["CASE", "BOX", "PACK", "PKG"], 1).and(c.p_size.between(1, 5)),
        fits("Brand#23", "MED", ["BAG", "BOX", "PKG", "PACK"], 10).and(c.p_size.between(1, 10)),
        fits("Brand#34", "LG", ["CASE", "BOX", "PACK", "PKG"], 20).and(c.p_size.between(1, 15)),
      );
    })
    .agg((c) => ({ revenue: c.l_extendedprice.mul(one.sub(c.l_discount)).sum() }));
}

/** Potential part promotion. */
export function q20({ supplier, nation, partsupp, part, lineitem }: Tables) {
  const shipped = lineitem
    .where((c) => c.l_shipdate.ge(day("1994-01-01")).and(c.l_shipdate.lt(day("1995-01-01"))))
    .groupBy("l_partkey", "l_suppkey")
    .agg((c) => ({ shipped: c.l_quantity.sum() }));
  const excess = partsupp
    .join(
      part.where((c) => c.p_name.startsWith("forest")),
      (l, r) => l.ps_partkey.eq(r.p_partkey),
      "semi",
    )
    .join(shipped, (l, r) => l.ps_partkey.eq(r.l_partkey).and(l.ps_suppkey.eq(r.l_suppkey)))
    .where((c) => c.ps_availqty.cast(float64).gt(c.shipped.cast(float64).mul(0.5)));
  return supplier
    .join(
      nation.where((c) => c.n_name.eq("CANADA")),
      (l, r) => l.s_nationkey.eq(r.n_nationkey),
    )
    .join(excess, (l, r) => l.s_suppkey.eq(r.ps_suppkey), "semi")
    .select("s_name", "s_address")
    .sortBy((c) => c.s_name);
}

/** Suppliers who kept orders waiting. */
export function q21({ supplier, lineitem, orders, nation }: Tables) {
  const late = lineitem.where((c) => c.l_receiptdate.gt(c.l_commitdate));
  const others = lineitem.select((c) => ({ order: c.l_orderkey, by: c.l_suppkey }));
  const lateOthers = late.select((c) => ({ order: c.l_orderkey, by: c.l_suppkey }));
  return late
    .join(supplier, (l, r) => l.l_suppkey.eq(r.s_suppkey))
    .join(
      nation.where((c) => c.n_name.eq("SAUDI ARABIA")),
      (l, r) => l.s_nationkey.eq(r.n_nationkey),
    )
    .join(
      orders.where((c) => c.o_orderstatus.eq("F")),
      (l, r) => l.l_orderkey.eq(r.o_orderkey),
    )
    .join(others, (l, r) => l.l_orderkey.eq(r.order).and(l.l_suppkey.ne(r.by)), "semi")
    .join(lateOthers, (l, r) => l.l_orderkey.eq(r.order).and(l.l_suppkey.ne(r.by)), "anti")
    .groupBy("s_name")
    .agg({ numwait: count() })
    .sortBy((c) => [c.numwait.desc(), c.s_name])
    .limit(100);
}

/** Global sales opportunity. */
export function q22({ customer, orders }: Tables) {
  const codes = ["13", "31", "23", "29", "30", "18", "17"] as const;
  const near = customer
    .select("c_custkey", "c_acctbal", (c) => ({ cntrycode: c.c_phone.substring(1, 2) }))
    .where((c) => c.cntrycode.isIn(...codes));
  const usual = near
    .where((c) => c.c_acctbal.gt(amount("0")))
    .agg((c) => ({ usual: c.c_acctbal.avg() }));
  return near
    .crossJoin(usual)
    .where((c) => c.c_acctbal.cast(float64).gt(c.usual))
    .join(orders, (l, r) => l.c_custkey.eq(r.o_custkey), "anti")
    .groupBy("cntrycode")
    .agg((c) => ({ numcust: count(), totacctbal: c.c_acctbal.sum() }))
    .sortBy((c) => c.cntrycode);
}
