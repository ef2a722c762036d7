"""TPC-H by Polars: its SQL over the tables as lazy frames; some queries by Dask and Ray Data."""


def polars_open(session, params, output):
    import polars as pl

    for name in params["tables"]:
        session.tables.register(name, pl.scan_parquet(f"{params['folder']}/{name}.parquet"))


def dask_table(params, name, columns, amounts):
    """Columns of a table; amounts, exact in the file, as floating-point numbers, which it is fast with."""
    import dask.dataframe as dd
    import pyarrow.parquet as pq

    path = f"{params['folder']}/{name}.parquet"

    def part(group):
        table = pq.ParquetFile(path).read_row_group(group, columns=columns)
        for amount in amounts:
            at = table.schema.get_field_index(amount)
            table = table.set_column(at, amount, table[amount].cast("float64"))
        return table.to_pandas(date_as_object=False)

    return dd.from_map(part, range(pq.ParquetFile(path).num_row_groups))


def day(text):
    from datetime import datetime

    return datetime.fromisoformat(text)


def dask_q1(session, params, output):
    amounts = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
    keys = ["l_returnflag", "l_linestatus"]
    lines = dask_table(params, "lineitem", [*keys, *amounts, "l_shipdate"], amounts)
    lines = lines[lines["l_shipdate"] <= day("1998-09-02")]
    cost = lines["l_extendedprice"] * (1 - lines["l_discount"])
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


def dask_q3(session, params, output):
    customers = dask_table(params, "customer", ["c_custkey", "c_mktsegment"], [])
    customers = customers[customers["c_mktsegment"] == "BUILDING"]
    order_columns = ["o_orderkey", "o_custkey", "o_orderdate", "o_shippriority"]
    orders = dask_table(params, "orders", order_columns, [])
    orders = orders[orders["o_orderdate"] < day("1995-03-15")]
    amounts = ["l_extendedprice", "l_discount"]
    lines = dask_table(params, "lineitem", ["l_orderkey", "l_shipdate", *amounts], amounts)
    lines = lines[lines["l_shipdate"] > day("1995-03-15")]
    revenue = lines["l_extendedprice"] * (1 - lines["l_discount"])
    joined = (
        lines.assign(revenue=revenue)
        .merge(orders, left_on="l_orderkey", right_on="o_orderkey")
        .merge(customers, left_on="o_custkey", right_on="c_custkey")
    )
    found = joined.groupby(["l_orderkey", "o_orderdate", "o_shippriority"])["revenue"].sum()
    rows = found.compute().reset_index()
    first = rows.sort_values(["revenue", "o_orderdate"], ascending=[False, True]).head(10)
    return [
        [row.l_orderkey, row.revenue, row.o_orderdate.date(), row.o_shippriority]
        for row in first.itertuples()
    ]


def dask_q6(session, params, output):
    amounts = ["l_quantity", "l_extendedprice", "l_discount"]
    lines = dask_table(params, "lineitem", [*amounts, "l_shipdate"], amounts)
    wanted = lines[
        (lines["l_shipdate"] >= day("1994-01-01"))
        & (lines["l_shipdate"] < day("1995-01-01"))
        & (lines["l_discount"] > 0.0499)
        & (lines["l_discount"] < 0.0701)
        & (lines["l_quantity"] < 24)
    ]
    return [[(wanted["l_extendedprice"] * wanted["l_discount"]).sum().compute()]]


def ray_lines(params, columns, amounts, convert):
    """Lines as `convert` makes them of batches of Arrow with amounts as floating-point numbers."""
    # Texts come as views, which Arrow cannot filter.
    texts = ["l_returnflag", "l_linestatus"]
    import pyarrow as pa
    import pyarrow.compute as pc
    import ray.data

    def converted(batch):
        for at, name in enumerate(batch.schema.names):
            wanted = pa.float64() if name in amounts else pa.string() if name in texts else None
            if wanted is not None:
                batch = batch.set_column(at, name, pc.cast(batch[name], wanted))
        return convert(batch)

    path = f"{params['folder']}/lineitem.parquet"
    lines = ray.data.read_parquet(path, columns=columns)
    return lines.map_batches(converted, batch_format="pyarrow")


def ray_q1(session, params, output):
    from ray.data.aggregate import Count, Mean, Sum

    amounts = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
    keys = ["l_returnflag", "l_linestatus"]

    def convert(batch):
        import pyarrow.compute as pc

        batch = batch.filter(pc.less_equal(batch["l_shipdate"], day("1998-09-02").date()))
        cost = pc.multiply(batch["l_extendedprice"], pc.subtract(1.0, batch["l_discount"]))
        charge = pc.multiply(cost, pc.add(1.0, batch["l_tax"]))
        return batch.append_column("cost", cost).append_column("charge", charge)

    lines = ray_lines(params, [*keys, *amounts, "l_shipdate"], amounts, convert)
    found = lines.groupby(keys).aggregate(
        *(Sum(name) for name in ["l_quantity", "l_extendedprice", "cost", "charge"]),
        *(Mean(name) for name in ["l_quantity", "l_extendedprice", "l_discount"]),
        Count(),
    )
    names = [
        *["sum(l_quantity)", "sum(l_extendedprice)", "sum(cost)", "sum(charge)"],
        *["mean(l_quantity)", "mean(l_extendedprice)", "mean(l_discount)", "count()"],
    ]
    return sorted([row[name] for name in [*keys, *names]] for row in found.take_all())


def ray_q6(session, params, output):
    amounts = ["l_quantity", "l_extendedprice", "l_discount"]

    def convert(batch):
        import pyarrow as pa
        import pyarrow.compute as pc

        shipped, discount = batch["l_shipdate"], batch["l_discount"]
        wanted = pc.greater_equal(shipped, day("1994-01-01").date())
        for test in (
            pc.less(shipped, day("1995-01-01").date()),
            pc.and_(pc.greater(discount, 0.0499), pc.less(discount, 0.0701)),
            pc.less(batch["l_quantity"], 24.0),
        ):
            wanted = pc.and_(wanted, test)
        revenue = pc.multiply(batch["l_extendedprice"], discount).filter(wanted)
        return pa.table({"revenue": revenue})

    lines = ray_lines(params, [*amounts, "l_shipdate"], amounts, convert)
    return [[lines.sum("revenue")]]
