"""The second half of TPC-H's queries by Dask's data frames."""

from dask_queries_1_to_11 import between, keys_of, nation, priced, revenue, rows, table, total


def dask_q12(session, params, output):
    days = ["l_shipdate", "l_commitdate", "l_receiptdate"]
    lines = table(params, "lineitem", ["l_orderkey", "l_shipmode", *days])
    lines = lines[
        lines["l_shipmode"].isin(["MAIL", "SHIP"])
        & (lines["l_commitdate"] < lines["l_receiptdate"])
        & (lines["l_shipdate"] < lines["l_commitdate"])
        & between(lines["l_receiptdate"], "1994-01-01", "1995-01-01")
    ]
    orders = table(params, "orders", ["o_orderkey", "o_orderpriority"])
    joined = lines.merge(orders, left_on="l_orderkey", right_on="o_orderkey")
    high = joined["o_orderpriority"].isin(["1-URGENT", "2-HIGH"]).astype("int64")
    joined = joined.assign(high=high, low=1 - high)
    found = joined.groupby("l_shipmode")[["high", "low"]].sum().compute().sort_index()
    return rows(found.reset_index(), ["l_shipmode", "high", "low"])


def dask_q13(session, params, output):
    orders = table(params, "orders", ["o_orderkey", "o_custkey", "o_comment"])
    orders = orders[~orders["o_comment"].str.contains("special.*requests")]
    customers = table(params, "customer", ["c_custkey"])
    joined = customers.merge(
        orders[["o_orderkey", "o_custkey"]],
        how="left",
        left_on="c_custkey",
        right_on="o_custkey",
    )
    counts = joined.groupby("c_custkey")["o_orderkey"].count()
    found = counts.value_counts().compute().reset_index()
    found.columns = ["orders", "customers"]
    first = found.sort_values(["customers", "orders"], ascending=[False, False])
    return rows(first, ["orders", "customers"])


def dask_q14(session, params, output):
    lines = priced(params, ["l_partkey", "l_shipdate"])
    lines = lines[between(lines["l_shipdate"], "1995-09-01", "1995-10-01")]
    parts = table(params, "part", ["p_partkey", "p_type"])
    joined = lines.merge(parts, left_on="l_partkey", right_on="p_partkey")
    promoted = joined["revenue"].where(joined["p_type"].str.startswith("PROMO"), 0.0)
    found = joined.assign(promoted=promoted)[["promoted", "revenue"]].sum().compute()
    return [[100 * found["promoted"] / found["revenue"]]]


def dask_q15(session, params, output):
    lines = priced(params, ["l_suppkey", "l_shipdate"])
    lines = lines[between(lines["l_shipdate"], "1996-01-01", "1996-04-01")]
    sums = lines.groupby("l_suppkey")["revenue"].sum().compute()
    best = sums[sums == sums.max()].reset_index()
    suppliers = table(params, "supplier", ["s_suppkey", "s_name", "s_address", "s_phone"])
    found = suppliers.merge(best, left_on="s_suppkey", right_on="l_suppkey").compute()
    told = ["s_suppkey", "s_name", "s_address", "s_phone", "revenue"]
    return rows(found.sort_values("s_suppkey"), told)


def dask_q16(session, params, output):
    keys = ["p_brand", "p_type", "p_size"]
    parts = table(params, "part", ["p_partkey", *keys])
    parts = parts[
        (parts["p_brand"] != "Brand#45")
        & ~parts["p_type"].str.startswith("MEDIUM POLISHED")
        & parts["p_size"].isin([49, 14, 23, 45, 19, 3, 36, 9])
    ]
    suppliers = table(params, "supplier", ["s_suppkey", "s_comment"])
    complained = suppliers["s_comment"].str.contains("Customer.*Complaints")
    kept = suppliers[~complained][["s_suppkey"]]
    joined = (
        table(params, "partsupp", ["ps_partkey", "ps_suppkey"])
        .merge(parts, left_on="ps_partkey", right_on="p_partkey")
        .merge(kept, left_on="ps_suppkey", right_on="s_suppkey")
    )
    each = joined[[*keys, "ps_suppkey"]].drop_duplicates()
    found = each.groupby(keys).size().compute().rename("suppliers").reset_index()
    first = found.sort_values(["suppliers", *keys], ascending=[False, True, True, True])
    return rows(first, [*keys, "suppliers"])


def dask_q17(session, params, output):
    parts = table(params, "part", ["p_partkey", "p_brand", "p_container"])
    parts = parts[(parts["p_brand"] == "Brand#23") & (parts["p_container"] == "MED BOX")]
    lines = table(params, "lineitem", ["l_partkey"], ["l_quantity", "l_extendedprice"])
    wanted = lines[lines["l_partkey"].isin(keys_of(parts, "p_partkey"))]
    means = wanted.groupby("l_partkey")["l_quantity"].mean().rename("mean").compute()
    joined = wanted.merge(means.reset_index(), on="l_partkey")
    small = joined[joined["l_quantity"] < 0.2 * joined["mean"]]
    found = total(small["l_extendedprice"])
    return [[None if found is None else found / 7]]


def dask_q18(session, params, output):
    lines = table(params, "lineitem", ["l_orderkey"], ["l_quantity"])
    sums = lines.groupby("l_orderkey")["l_quantity"].sum(split_out=True).reset_index()
    large = sums[sums["l_quantity"] > 300]
    orders = table(
        params, "orders", ["o_orderkey", "o_custkey", "o_orderdate"], ["o_totalprice"]
    )
    found = (
        orders.merge(large, left_on="o_orderkey", right_on="l_orderkey")
        .merge(
            table(params, "customer", ["c_custkey", "c_name"]),
            left_on="o_custkey",
            right_on="c_custkey",
        )
        .compute()
    )
    first = found.sort_values(["o_totalprice", "o_orderdate"], ascending=[False, True])
    told = ["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "l_quantity"]
    return rows(first.head(100), told)


def dask_q19(session, params, output):
    columns = ["l_partkey", "l_shipmode", "l_shipinstruct"]
    amounts = ["l_quantity", "l_extendedprice", "l_discount"]
    lines = table(params, "lineitem", columns, amounts)
    lines = lines[
        lines["l_shipmode"].isin(["AIR", "AIR REG"])
        & (lines["l_shipinstruct"] == "DELIVER IN PERSON")
    ]
    parts = table(params, "part", ["p_partkey", "p_brand", "p_container", "p_size"])
    joined = lines.merge(parts, left_on="l_partkey", right_on="p_partkey")

    def kind(brand, containers, least, size):
        return (
            (joined["p_brand"] == brand)
            & joined["p_container"].isin(containers)
            & joined["l_quantity"].between(least, least + 10)
            & joined["p_size"].between(1, size)
        )

    wanted = joined[
        kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
        | kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
        | kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
    ]
    return [[total(revenue(wanted))]]


def dask_q20(session, params, output):
    parts = table(params, "part", ["p_partkey", "p_name"])
    wanted = keys_of(parts[parts["p_name"].str.startswith("forest")], "p_partkey")
    offers = table(params, "partsupp", ["ps_partkey", "ps_suppkey", "ps_availqty"])
    offers = offers[offers["ps_partkey"].isin(wanted)]
    lines = table(params, "lineitem", ["l_partkey", "l_suppkey", "l_shipdate"], ["l_quantity"])
    lines = lines[
        between(lines["l_shipdate"], "1994-01-01", "1995-01-01")
        & lines["l_partkey"].isin(wanted)
    ]
    keys = ["l_partkey", "l_suppkey"]
    sold = lines.groupby(keys)["l_quantity"].sum().compute().reset_index()
    joined = offers.merge(sold, left_on=["ps_partkey", "ps_suppkey"], right_on=keys)
    plenty = joined[joined["ps_availqty"] > 0.5 * joined["l_quantity"]]
    suppliers = table(params, "supplier", ["s_suppkey", "s_name", "s_address", "s_nationkey"])
    found = (
        suppliers.merge(nation(params, "CANADA"), left_on="s_nationkey", right_on="n_nationkey")
        .merge(
            plenty[["ps_suppkey"]].drop_duplicates(),
            left_on="s_suppkey",
            right_on="ps_suppkey",
        )
        .compute()
    )
    return rows(found.sort_values("s_name"), ["s_name", "s_address"])


def dask_q21(session, params, output):
    lines = table(
        params, "lineitem", ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"]
    )
    late = lines[lines["l_receiptdate"] > lines["l_commitdate"]]

    def suppliers_of_orders(some):
        by_order = some[["l_orderkey", "l_suppkey"]].groupby("l_orderkey")["l_suppkey"]
        return by_order.agg(["min", "max"], split_out=True).reset_index()

    of_all, of_late = suppliers_of_orders(lines), suppliers_of_orders(late)
    shared = of_all[of_all["min"] != of_all["max"]][["l_orderkey"]]
    alone = of_late[of_late["min"] == of_late["max"]][["l_orderkey"]]
    orders = table(params, "orders", ["o_orderkey", "o_orderstatus"])
    orders = orders[orders["o_orderstatus"] == "F"]
    suppliers = table(params, "supplier", ["s_suppkey", "s_name", "s_nationkey"]).merge(
        nation(params, "SAUDI ARABIA"), left_on="s_nationkey", right_on="n_nationkey"
    )[["s_suppkey", "s_name"]]
    waiting = (
        late[["l_orderkey", "l_suppkey"]]
        .merge(suppliers, left_on="l_suppkey", right_on="s_suppkey")
        .merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .merge(shared, on="l_orderkey")
        .merge(alone, on="l_orderkey")
    )
    found = waiting.groupby("s_name").size().compute().rename("count").reset_index()
    first = found.sort_values(["count", "s_name"], ascending=[False, True]).head(100)
    return rows(first, ["s_name", "count"])


def dask_q22(session, params, output):
    customers = table(params, "customer", ["c_custkey", "c_phone"], ["c_acctbal"])
    customers = customers.assign(code=customers["c_phone"].str.slice(0, 2))
    codes = ["13", "31", "23", "29", "30", "18", "17"]
    customers = customers[customers["code"].isin(codes)]
    mean = customers[customers["c_acctbal"] > 0]["c_acctbal"].mean().compute()
    rich = customers[customers["c_acctbal"] > mean]
    buyers = table(params, "orders", ["o_custkey"]).drop_duplicates()
    joined = rich.merge(buyers, how="left", left_on="c_custkey", right_on="o_custkey")
    idle = joined[joined["o_custkey"].isna()]
    found = idle.groupby("code")["c_acctbal"].agg(["count", "sum"]).compute().sort_index()
    return rows(found.reset_index(), ["code", "count", "sum"])
