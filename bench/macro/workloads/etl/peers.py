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


def dask_events(session, params, output):
    import dask
    import dask.dataframe as dd
    import pandas as pd

    def convert(events):
        events = events[(events["kind"] != "debug") & events["amount"].notna()]
        user = events["user"]
        return pd.DataFrame(
            {
                "id": events["id"].astype("int32"),
                "at": pd.to_datetime(events["at"], utc=True),
                "kind": events["kind"].astype(str),
                "name": user.map(lambda each: each["name"]).astype(str),
                "country": user.map(lambda each: each["country"].upper()).astype(str),
                "amount": (events["amount"] * 100).round(),
            }
        )

    user = {"name": "user", "country": "de"}
    event = {"id": 1, "at": "2024-01-01T00:00:00Z", "kind": "view", "user": user, "amount": 1.0}
    # Otherwise it makes texts of whatever are objects to pandas, users included.
    with dask.config.set({"dataframe.convert-string": False}):
        dd.read_json(
            params["input"], lines=True, blocksize=2**26, convert_dates=False
        ).map_partitions(convert, meta=convert(pd.DataFrame([event]))).to_parquet(
            output, write_index=False
        )


def ray_events(session, params, output):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json
    import ray.data

    user = pa.struct({"name": pa.string(), "country": pa.string()})
    schema = pa.schema(
        {
            "id": pa.int32(),
            "at": pa.timestamp("us", "UTC"),
            "kind": pa.string(),
            "user": user,
            "amount": pa.float64(),
        }
    )

    def convert(events):
        wanted = pc.and_(pc.not_equal(events["kind"], "debug"), pc.is_valid(events["amount"]))
        kept = events.filter(wanted)
        return pa.table(
            {
                "id": kept["id"],
                "at": kept["at"],
                "kind": kept["kind"],
                "name": pc.struct_field(kept["user"], "name"),
                "country": pc.utf8_upper(pc.struct_field(kept["user"], "country")),
                "amount": pc.round(pc.multiply(kept["amount"], 100)),
            }
        )

    options = pyarrow.json.ParseOptions(explicit_schema=schema)
    ray.data.read_json(params["input"], lines=True, parse_options=options).map_batches(
        convert, batch_format="pyarrow"
    ).write_parquet(output)
