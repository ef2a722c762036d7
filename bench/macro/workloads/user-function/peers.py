"""A function of Python on every row, as each peer takes one."""


def scramble(value):
    state = value & 0xFFFFFFFF
    state ^= (state << 13) & 0xFFFFFFFF
    state ^= state >> 17
    state ^= (state << 5) & 0xFFFFFFFF
    return state % 1000


def duckdb_opaque(session, params, output):
    if not getattr(session, "has_scramble", False):
        session.connection.create_function("scramble", scramble, ["INTEGER"], "INTEGER")
        session.has_scramble = True
    return session.sql(
        [
            "select sum(v), min(v), max(v) from "
            f"(select scramble(\"key\") as v from '{params['input']}')"
        ],
        output,
    )


def polars_opaque(session, params, output):
    import polars as pl

    value = pl.col("key").map_elements(scramble, return_dtype=pl.Int64)
    return (
        pl.scan_parquet(params["input"])
        .select(value.alias("v"))
        .select(pl.col("v").sum(), pl.col("v").min().alias("least"), pl.col("v").max().alias("most"))
        .collect(engine="streaming")
        .rows()
    )


def spark_opaque(session, params, output):
    from pyspark.sql import functions as F

    function = F.udf(scramble, "int")
    values = session.spark.read.parquet(params["input"]).select(function("key").alias("v"))
    return values.agg(F.sum("v"), F.min("v"), F.max("v")).collect()


def dask_opaque(session, params, output):
    import dask
    import dask.dataframe as dd

    keys = dd.read_parquet(params["input"])["key"]
    values = keys.map(scramble, meta=("v", "int64"))
    return [list(dask.compute(values.sum(), values.min(), values.max()))]


def ray_opaque(session, params, output):
    import ray.data
    from ray.data.aggregate import Max, Min, Sum

    found = (
        ray.data.read_parquet(params["input"])
        .map_batches(lambda batch: {"v": [scramble(int(key)) for key in batch["key"]]})
        .aggregate(Sum("v", alias_name="s"), Min("v", alias_name="a"), Max("v", alias_name="b"))
    )
    return [[found["s"], found["a"], found["b"]]]
