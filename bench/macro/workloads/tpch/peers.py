"""TPC-H by Polars: its SQL over the tables as lazy frames; by Dask; some queries by Ray Data."""

from datetime import datetime

from dask_queries_1_to_11 import *  # noqa: F403 - the host looks for them here
from dask_queries_12_to_22 import *  # noqa: F403


def polars_open(session, params, output):
    import polars as pl

    for name in params["tables"]:
        session.tables.register(name, pl.scan_parquet(f"{params['folder']}/{name}.parquet"))


# Ray Data takes functions to its processes from this module alone.
def day(text):
    return datetime.fromisoformat(text)


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
