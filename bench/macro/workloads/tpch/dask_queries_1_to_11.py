"""The first half of the queries of TPC-H by Dask's data frames.

This version of Dask answers wrongly where groups are made by the key of a broadcast join before
them, and where groups are merged again. So few keys are computed and looked up, and small groups
are computed before they are merged.
"""

from datetime import datetime


def table(params, name, columns, amounts=()):
    """Columns of a table; amounts, exact in the file, as doubles, which it is fast with."""
    import dask.dataframe as dd
    import pyarrow.parquet as pq

    path = f"{params['folder']}/{name}.parquet"

    def part(group):
        data = pq.ParquetFile(path).read_row_group(group, columns=[*columns, *amounts])
        for amount in amounts:
            at = data.schema.get_field_index(amount)
            data = data.set_column(at, amount, data[amount].cast("float64"))
        return data.to_pandas(date_as_object=False)

    return dd.from_map(part, range(pq.ParquetFile(path).num_row_groups))


def day(text):
    return datetime.fromisoformat(text)


def between(days, first, end):
    """Days from the first on and before the end."""
    return (days >= day(first)) & (days < day(end))


def revenue(lines):
    return lines["l_extendedprice"] * (1 - lines["l_discount"])


def priced(params, columns):
    """Lines with their revenue."""
    lines = table(params, "lineitem", columns, ["l_extendedprice", "l_discount"])
    return lines.assign(revenue=revenue(lines))


def nations_of(params, region):
    nations = table(params, "nation", ["n_nationkey", "n_name", "n_regionkey"])
    regions = table(params, "region", ["r_regionkey", "r_name"])
    regions = regions[regions["r_name"] == region]
    return nations.merge(regions, left_on="n_regionkey", right_on="r_regionkey")


def keys_of(frame, column):
    """Few keys, to look up."""
    return frame[column].compute().tolist()


def nation(params, name):
    nations = table(params, "nation", ["n_nationkey", "n_name"])
    return nations[nations["n_name"] == name]


def total(amounts):
    """The sum of amounts, which is nothing where there are none, as in SQL."""
    found = amounts.sum(min_count=1).compute()
    return None if found != found else found


def rows(frame, columns):
    for column in columns:
        if frame[column].dtype.kind == "M":
            frame = frame.assign(**{column: frame[column].dt.date})
    return frame[columns].values.tolist()


def dask_q1(session, params, output):
    amounts = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
    keys = ["l_returnflag", "l_linestatus"]
    lines = table(params, "lineitem", [*keys, "l_shipdate"], amounts)
    lines = lines[lines["l_shipdate"] <= day("1998-09-02")]
    cost = revenue(lines)
    lines = lines.assign(cost=cost, charge=cost * (1 + lines["l_tax"]))
    groups = lines.groupby(keys).agg(
        {
            "l_quantity": ["sum", "mean"],
            "l_extendedprice": ["sum", "mean"],
            "cost": "sum",
            "charge": "sum",
            "l_discount": ["mean", "count"],
        }
    )
    found = groups.compute().sort_index()
    order = [
        *[("l_quantity", "sum"), ("l_extendedprice", "sum"), ("cost", "sum"), ("charge", "sum")],
        *[("l_quantity", "mean"), ("l_extendedprice", "mean"), ("l_discount", "mean")],
        ("l_discount", "count"),
    ]
    return [[*key, *(row[name] for name in order)] for key, row in found.iterrows()]


def dask_q2(session, params, output):
    texts = ["s_name", "s_address", "s_phone", "s_comment"]
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey", *texts], ["s_acctbal"])
    suppliers = suppliers.merge(
        nations_of(params, "EUROPE"), left_on="s_nationkey", right_on="n_nationkey"
    )
    parts = table(params, "part", ["p_partkey", "p_mfgr", "p_size", "p_type"])
    parts = parts[(parts["p_size"] == 15) & parts["p_type"].str.endswith("BRASS")]
    offers = (
        table(params, "partsupp", ["ps_partkey", "ps_suppkey"], ["ps_supplycost"])
        .merge(parts, left_on="ps_partkey", right_on="p_partkey")
        .merge(suppliers, left_on="ps_suppkey", right_on="s_suppkey")
    )
    found = offers.compute()
    least = found.groupby("p_partkey")["ps_supplycost"].transform("min")
    found = found[found["ps_supplycost"] == least]
    order = ["s_acctbal", "n_name", "s_name", "p_partkey"]
    first = found.sort_values(order, ascending=[False, True, True, True]).head(100)
    told = ["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr"]
    return rows(first, [*told, "s_address", "s_phone", "s_comment"])


def dask_q3(session, params, output):
    customers = table(params, "customer", ["c_custkey", "c_mktsegment"])
    customers = customers[customers["c_mktsegment"] == "BUILDING"]
    order_columns = ["o_orderkey", "o_custkey", "o_orderdate", "o_shippriority"]
    orders = table(params, "orders", order_columns)
    orders = orders[orders["o_orderdate"] < day("1995-03-15")]
    lines = priced(params, ["l_orderkey", "l_shipdate"])
    joined = (
        lines[lines["l_shipdate"] > day("1995-03-15")]
        .merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .merge(customers, left_on="o_custkey", right_on="c_custkey")
    )
    keys = ["l_orderkey", "o_orderdate", "o_shippriority"]
    found = joined.groupby(keys)["revenue"].sum().compute().reset_index()
    first = found.sort_values(["revenue", "o_orderdate"], ascending=[False, True]).head(10)
    return rows(first, ["l_orderkey", "revenue", "o_orderdate", "o_shippriority"])


def dask_q4(session, params, output):
    orders = table(params, "orders", ["o_orderkey", "o_orderdate", "o_orderpriority"])
    orders = orders[between(orders["o_orderdate"], "1993-07-01", "1993-10-01")]
    lines = table(params, "lineitem", ["l_orderkey", "l_commitdate", "l_receiptdate"])
    late = lines[lines["l_commitdate"] < lines["l_receiptdate"]][["l_orderkey"]]
    joined = orders.merge(late, left_on="o_orderkey", right_on="l_orderkey")
    each = joined[["o_orderkey", "o_orderpriority"]].drop_duplicates()
    found = each.groupby("o_orderpriority").size().compute().sort_index()
    return list(found.items())


def dask_q5(session, params, output):
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey"]).merge(
        nations_of(params, "ASIA"), left_on="s_nationkey", right_on="n_nationkey"
    )
    orders = table(params, "orders", ["o_orderkey", "o_custkey", "o_orderdate"])
    orders = orders[between(orders["o_orderdate"], "1994-01-01", "1995-01-01")].merge(
        table(params, "customer", ["c_custkey", "c_nationkey"]),
        left_on="o_custkey",
        right_on="c_custkey",
    )
    joined = (
        priced(params, ["l_orderkey", "l_suppkey"])
        .merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .merge(
            suppliers,
            left_on=["l_suppkey", "c_nationkey"],
            right_on=["s_suppkey", "s_nationkey"],
        )
    )
    found = joined.groupby("n_name")["revenue"].sum().compute()
    return list(found.sort_values(ascending=False).items())


def dask_q6(session, params, output):
    amounts = ["l_quantity", "l_extendedprice", "l_discount"]
    lines = table(params, "lineitem", ["l_shipdate"], amounts)
    wanted = lines[
        between(lines["l_shipdate"], "1994-01-01", "1995-01-01")
        & (lines["l_discount"] > 0.0499)
        & (lines["l_discount"] < 0.0701)
        & (lines["l_quantity"] < 24)
    ]
    return [[total(wanted["l_extendedprice"] * wanted["l_discount"])]]


def dask_q7(session, params, output):
    nations = table(params, "nation", ["n_nationkey", "n_name"])
    nations = nations[nations["n_name"].isin(["FRANCE", "GERMANY"])]
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey"]).merge(
        nations.rename(columns={"n_name": "supp_nation"}),
        left_on="s_nationkey",
        right_on="n_nationkey",
    )[["s_suppkey", "supp_nation"]]
    customers = table(params, "customer", ["c_custkey", "c_nationkey"]).merge(
        nations.rename(columns={"n_name": "cust_nation"}),
        left_on="c_nationkey",
        right_on="n_nationkey",
    )[["c_custkey", "cust_nation"]]
    orders = table(params, "orders", ["o_orderkey", "o_custkey"]).merge(
        customers, left_on="o_custkey", right_on="c_custkey"
    )
    lines = priced(params, ["l_orderkey", "l_suppkey", "l_shipdate"])
    lines = lines[between(lines["l_shipdate"], "1995-01-01", "1997-01-01")]
    joined = lines.merge(suppliers, left_on="l_suppkey", right_on="s_suppkey").merge(
        orders, left_on="l_orderkey", right_on="o_orderkey"
    )
    joined = joined[joined["supp_nation"] != joined["cust_nation"]]
    joined = joined.assign(year=joined["l_shipdate"].dt.year)
    keys = ["supp_nation", "cust_nation", "year"]
    found = joined.groupby(keys)["revenue"].sum().compute().sort_index().reset_index()
    return rows(found, [*keys, "revenue"])


def dask_q8(session, params, output):
    parts = table(params, "part", ["p_partkey", "p_type"])
    parts = parts[parts["p_type"] == "ECONOMY ANODIZED STEEL"]
    customers = table(params, "customer", ["c_custkey", "c_nationkey"]).merge(
        nations_of(params, "AMERICA"), left_on="c_nationkey", right_on="n_nationkey"
    )[["c_custkey"]]
    orders = table(params, "orders", ["o_orderkey", "o_custkey", "o_orderdate"])
    orders = orders[between(orders["o_orderdate"], "1995-01-01", "1997-01-01")].merge(
        customers, left_on="o_custkey", right_on="c_custkey"
    )
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey"]).merge(
        table(params, "nation", ["n_nationkey", "n_name"]),
        left_on="s_nationkey",
        right_on="n_nationkey",
    )[["s_suppkey", "n_name"]]
    joined = (
        priced(params, ["l_orderkey", "l_partkey", "l_suppkey"])
        .merge(parts, left_on="l_partkey", right_on="p_partkey")
        .merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .merge(suppliers, left_on="l_suppkey", right_on="s_suppkey")
    )
    joined = joined.assign(
        year=joined["o_orderdate"].dt.year,
        brazil=joined["revenue"].where(joined["n_name"] == "BRAZIL", 0.0),
    )
    found = joined.groupby("year")[["brazil", "revenue"]].sum().compute().sort_index()
    return list((found["brazil"] / found["revenue"]).items())


def dask_q9(session, params, output):
    parts = table(params, "part", ["p_partkey", "p_name"])
    parts = parts[parts["p_name"].str.contains("green", regex=False)][["p_partkey"]]
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey"]).merge(
        table(params, "nation", ["n_nationkey", "n_name"]),
        left_on="s_nationkey",
        right_on="n_nationkey",
    )[["s_suppkey", "n_name"]]
    amounts = ["l_extendedprice", "l_discount", "l_quantity"]
    lines = table(params, "lineitem", ["l_orderkey", "l_partkey", "l_suppkey"], amounts)
    joined = (
        lines.merge(parts, left_on="l_partkey", right_on="p_partkey")
        .merge(
            table(params, "partsupp", ["ps_partkey", "ps_suppkey"], ["ps_supplycost"]),
            left_on=["l_partkey", "l_suppkey"],
            right_on=["ps_partkey", "ps_suppkey"],
        )
        .merge(
            table(params, "orders", ["o_orderkey", "o_orderdate"]),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .merge(suppliers, left_on="l_suppkey", right_on="s_suppkey")
    )
    joined = joined.assign(
        year=joined["o_orderdate"].dt.year,
        amount=revenue(joined) - joined["ps_supplycost"] * joined["l_quantity"],
    )
    found = joined.groupby(["n_name", "year"])["amount"].sum().compute().reset_index()
    first = found.sort_values(["n_name", "year"], ascending=[True, False])
    return rows(first, ["n_name", "year", "amount"])


def dask_q10(session, params, output):
    orders = table(params, "orders", ["o_orderkey", "o_custkey", "o_orderdate"])
    orders = orders[between(orders["o_orderdate"], "1993-10-01", "1994-01-01")]
    lines = priced(params, ["l_orderkey", "l_returnflag"])
    lines = lines[lines["l_returnflag"] == "R"]
    told = ["c_custkey", "c_name", "c_address", "c_phone", "c_comment", "c_nationkey"]
    customers = table(params, "customer", told, ["c_acctbal"]).merge(
        table(params, "nation", ["n_nationkey", "n_name"]),
        left_on="c_nationkey",
        right_on="n_nationkey",
    )
    sums = (
        lines.merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .groupby("o_custkey")["revenue"]
        .sum()
        .reset_index()
        .compute()
    )
    found = customers.merge(sums, left_on="c_custkey", right_on="o_custkey").compute()
    first = found.sort_values("revenue", ascending=False).head(20)
    return rows(
        first,
        [
            *["c_custkey", "c_name", "revenue", "c_acctbal", "n_name"],
            *["c_address", "c_phone", "c_comment"],
        ],
    )


def dask_q11(session, params, output):
    suppliers = table(params, "supplier", ["s_suppkey", "s_nationkey"]).merge(
        nation(params, "GERMANY"), left_on="s_nationkey", right_on="n_nationkey"
    )[["s_suppkey"]]
    offers = table(
        params, "partsupp", ["ps_partkey", "ps_suppkey", "ps_availqty"], ["ps_supplycost"]
    ).merge(suppliers, left_on="ps_suppkey", right_on="s_suppkey")
    offers = offers.assign(value=offers["ps_supplycost"] * offers["ps_availqty"])
    sums = offers.groupby("ps_partkey")["value"].sum().compute()
    found = sums[sums > sums.sum() * 0.0001 / params["scale"]]
    return list(found.sort_values(ascending=False).items())
