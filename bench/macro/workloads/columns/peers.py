"""Sums by groups, a join and a sort by the Python peers."""

import os


def polars_sums(session, params, output):
    import polars as pl

    return (
        pl.scan_parquet(params["input"])
        .group_by(params["by"])
        .agg(pl.col("value").sum(), pl.col("weight").sum())
        .select(
            pl.len().alias("groups"),
            pl.col("value").sum(),
            pl.col("weight").sum(),
            pl.col("value").min().alias("least"),
            pl.col("value").max().alias("most"),
        )
        .collect(engine="streaming")
        .rows()
    )


def polars_join(session, params, output):
    import polars as pl

    return (
        pl.scan_parquet(params["facts"])
        .join(pl.scan_parquet(params["dimension"]), on="key")
        .select(pl.len(), (pl.col("value") * pl.col("factor")).sum())
        .collect(engine="streaming")
        .rows()
    )


def polars_sort(session, params, output):
    import polars as pl

    os.makedirs(output)
    pl.scan_parquet(params["input"]).sort("number").sink_parquet(
        f"{output}/sorted.parquet", engine="streaming"
    )


def spark_sums(session, params, output):
    from pyspark.sql import functions as F

    groups = (
        session.spark.read.parquet(params["input"])
        .groupBy(params["by"])
        .agg(F.sum("value").alias("value"), F.sum("weight").alias("weight"))
    )
    return groups.agg(
        F.count("*"), F.sum("value"), F.sum("weight"), F.min("value"), F.max("value")
    ).collect()


def spark_join(session, params, output):
    from pyspark.sql import functions as F

    facts = session.spark.read.parquet(params["facts"])
    dimension = session.spark.read.parquet(params["dimension"])
    joined = facts.join(dimension, "key")
    return joined.agg(F.count("*"), F.sum(F.col("value") * F.col("factor"))).collect()


def spark_sort(session, params, output):
    session.spark.read.parquet(params["input"]).orderBy("number").write.parquet(output)


def dask_sums(session, params, output):
    import dask.dataframe as dd

    groups = (
        dd.read_parquet(params["input"], columns=[params["by"], "value", "weight"])
        .groupby(params["by"])[["value", "weight"]]
        .sum()
        .compute()
    )
    value, weight = groups["value"], groups["weight"]
    return [[len(groups), value.sum(), weight.sum(), value.min(), value.max()]]


def dask_join(session, params, output):
    import dask
    import dask.dataframe as dd

    facts = dd.read_parquet(params["facts"], columns=["key", "value"])
    dimension = dd.read_parquet(params["dimension"])
    joined = facts.merge(dimension, on="key")
    products = joined["value"] * joined["factor"]
    return [list(dask.compute(products.count(), products.sum()))]


def dask_sort(session, params, output):
    import dask.dataframe as dd

    dd.read_parquet(params["input"]).sort_values("number").to_parquet(
        output, write_index=False, name_function=lambda i: f"part-{i:05}.parquet"
    )


def ray_sums(session, params, output):
    import ray.data
    from ray.data.aggregate import Count, Max, Min, Sum

    groups = (
        ray.data.read_parquet(params["input"], columns=[params["by"], "value", "weight"])
        .groupby(params["by"])
        .aggregate(Sum("value", alias_name="value"), Sum("weight", alias_name="weight"))
    )
    found = groups.aggregate(
        Count(alias_name="groups"),
        Sum("value", alias_name="value"),
        Sum("weight", alias_name="weight"),
        Min("value", alias_name="least"),
        Max("value", alias_name="most"),
    )
    return [[found[name] for name in ("groups", "value", "weight", "least", "most")]]


def ray_join(session, params, output):
    import ray.data
    from ray.data.aggregate import Count, Sum

    def product(batch):
        return {"product": batch["value"] * batch["factor"]}

    joined = (
        ray.data.read_parquet(params["facts"], columns=["key", "value"])
        .join(ray.data.read_parquet(params["dimension"]), "inner", 4, on=("key",))
        .map_batches(product)
    )
    found = joined.aggregate(Count(alias_name="rows"), Sum("product", alias_name="total"))
    return [[found["rows"], found["total"]]]


def ray_sort(session, params, output):
    import ray.data

    ray.data.read_parquet(params["input"]).sort("number").write_parquet(output)
