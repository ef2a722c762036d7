"""Stations and temperatures by the Python peers."""


def polars_stations(session, params, output):
    import polars as pl

    temperature = pl.col("temperature")
    return (
        pl.scan_csv(
            params["input"],
            separator=";",
            schema={"station": pl.String, "temperature": pl.Float64},
        )
        .group_by("station")
        .agg(
            temperature.min().alias("least"),
            temperature.mean().alias("mean"),
            temperature.max().alias("most"),
        )
        .sort("station")
        .collect(engine="streaming")
        .rows()
    )


def spark_stations(session, params, output):
    from pyspark.sql import functions as F

    return (
        session.spark.read.csv(
            params["input"], sep=";", header=True, schema="station string, temperature double"
        )
        .groupBy("station")
        .agg(F.min("temperature"), F.avg("temperature"), F.max("temperature"))
        .orderBy("station")
        .collect()
    )


def dask_stations(session, params, output):
    import dask.dataframe as dd

    lines = dd.read_csv(params["input"], sep=";", blocksize=2**26)
    found = lines.groupby("station")["temperature"].agg(["min", "mean", "max"]).compute()
    return sorted([name, *row] for name, row in zip(found.index, found.to_numpy()))


def ray_stations(session, params, output):
    import pyarrow.csv
    import ray.data
    from ray.data.aggregate import Max, Mean, Min

    found = (
        ray.data.read_csv(
            params["input"], parse_options=pyarrow.csv.ParseOptions(delimiter=";")
        )
        .groupby("station")
        .aggregate(
            Min("temperature", alias_name="least"),
            Mean("temperature", alias_name="mean"),
            Max("temperature", alias_name="most"),
        )
    )
    names = ("station", "least", "mean", "most")
    return sorted([row[name] for name in names] for row in found.take_all())
