"""NDJSON to Parquet by the Python peers."""

import os


def polars_events(session, params, output):
    import polars as pl

    os.makedirs(output)
    user = pl.Struct({"name": pl.String, "country": pl.String})
    schema = {"id": pl.Int32, "at": pl.String, "kind": pl.String, "user": user, "amount": pl.Float64}
    (
        pl.scan_ndjson(params["input"], schema=schema)
        .filter((pl.col("kind") != "debug") & pl.col("amount").is_not_null())
        .select(
            "id",
            pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"),
            "kind",
            pl.col("user").struct.field("name"),
            pl.col("user").struct.field("country").str.to_uppercase(),
            (pl.col("amount") * 100).round(),
        )
        .sink_parquet(f"{output}/events.parquet", engine="streaming")
    )


def spark_events(session, params, output):
    from pyspark.sql import functions as F

    schema = (
        "id int, at timestamp, kind string, user struct<name: string, country: string>, amount double"
    )
    (
        session.spark.read.json(params["input"], schema=schema)
        .where("kind <> 'debug' and amount is not null")
        .select(
            "id",
            "at",
            "kind",
            "user.name",
            F.upper("user.country").alias("country"),
            F.round(F.col("amount") * 100).alias("amount"),
        )
        .write.parquet(output)
    )


def events_of(rows):
    """The rows that are wanted, flattened and typed, from a frame of pandas."""
    import pandas as pd

    kept = rows[(rows["kind"] != "debug") & rows["amount"].notna()]
    return pd.DataFrame(
        {
            "id": kept["id"].astype("int32"),
            "at": pd.to_datetime(kept["at"], utc=True),
            "kind": kept["kind"].astype(str),
            "name": kept["user"].map(lambda each: each["name"]).astype(str),
            "country": kept["user"].map(lambda each: each["country"].upper()).astype(str),
            "amount": (kept["amount"] * 100).round(),
        }
    )


def dask_events(session, params, output):
    import dask
    import dask.dataframe as dd
    import pandas as pd

    user = {"name": "user", "country": "de"}
    event = {"id": 1, "at": "2024-01-01T00:00:00Z", "kind": "view", "user": user, "amount": 1.0}
    # Otherwise it makes texts of whatever are objects to pandas, users included.
    with dask.config.set({"dataframe.convert-string": False}):
        dd.read_json(
            params["input"], lines=True, blocksize=2**26, convert_dates=False
        ).map_partitions(events_of, meta=events_of(pd.DataFrame([event]))).to_parquet(
            output, write_index=False
        )


def ray_events(session, params, output):
    import ray.data

    ray.data.read_json(params["input"], lines=True, file_extensions=["ndjson"]).map_batches(
        events_of, batch_format="pandas"
    ).write_parquet(output)
