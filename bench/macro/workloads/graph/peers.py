"""PageRank by Polars and Spark: a join and a sum each round; by Dask and Ray Data a look-up and a sum."""

import os


def polars_rank(session, params, output):
    import polars as pl

    damping = params["damping"]
    schema = {"source": pl.Int32, "target": pl.Int32}
    edges = pl.read_csv(params["input"], separator="\t", has_header=False, schema=schema)
    pages = pl.concat(
        [edges.select(pl.col("source").alias("page")), edges.select(pl.col("target").alias("page"))]
    ).unique()
    edges = edges.join(edges.group_by("source").agg(pl.len().alias("links")), on="source")
    ranks = pages.with_columns(rank=pl.lit(1 / len(pages)))
    for _ in range(params["roundsMax"]):
        received = (
            edges.lazy()
            .join(ranks.lazy(), left_on="source", right_on="page")
            .group_by("target")
            .agg((pl.col("rank") / pl.col("links")).sum().alias("given"))
            .collect(engine="streaming")
        )
        base = (1 - damping * received["given"].sum()) / len(pages)
        ranks = pages.join(received, left_on="page", right_on="target", how="left").select(
            "page", rank=base + damping * pl.col("given").fill_null(0)
        )
    os.makedirs(output)
    ranks.sort("rank", descending=True).write_parquet(f"{output}/ranks.parquet")


def spark_rank(session, params, output):
    from pyspark.sql import functions as F

    spark = session.spark
    damping = params["damping"]
    edges = spark.read.csv(params["input"], sep="\t", schema="source int, target int").cache()
    pages = (
        edges.select(F.col("source").alias("page"))
        .union(edges.select("target"))
        .distinct()
        .cache()
    )
    total = pages.count()
    degrees = edges.groupBy("source").agg(F.count("*").alias("links"))
    linked = edges.join(degrees, "source").cache()
    ranks = pages.withColumn("rank", F.lit(1 / total))
    for _ in range(params["roundsMax"]):
        received = (
            linked.join(ranks, linked["source"] == ranks["page"])
            .groupBy("target")
            .agg(F.sum(F.col("rank") / F.col("links")).alias("given"))
            .localCheckpoint()
        )
        given = received.agg(F.sum("given")).first()[0]
        base = (1 - damping * given) / total
        ranks = pages.join(received, pages["page"] == received["target"], "left").select(
            "page", (base + damping * F.coalesce("given", F.lit(0.0))).alias("rank")
        )
    ranks.orderBy(F.desc("rank")).write.parquet(output)
    for frame in (edges, pages, linked):
        frame.unpersist()


def write_ranks(ranks, output):
    os.makedirs(output)
    ordered = ranks.sort_values(ascending=False)
    ordered.rename("rank").rename_axis("page").reset_index().to_parquet(f"{output}/ranks.parquet")


def next_ranks(ranks, given, damping):
    """`given`: what each page got of the pages that link to it."""
    base = (1 - damping * given.sum()) / len(ranks)
    return base + damping * given.reindex(ranks.index, fill_value=0.0)


def dask_rank(session, params, output):
    import dask.dataframe as dd
    import pandas as pd

    edges = dd.read_csv(
        params["input"], sep="\t", header=None, names=["source", "target"], dtype="int32"
    ).persist()
    links = edges.groupby("source")["target"].count().compute()
    pages = pd.Index(edges["source"].unique().compute()).union(edges["target"].unique().compute())
    ranks = pd.Series(1 / len(pages), index=pages)

    def shares(part, share):
        return pd.DataFrame({"target": part["target"], "given": part["source"].map(share)})

    meta = {"target": "int32", "given": "float64"}
    for _ in range(params["roundsMax"]):
        share = (ranks / links).dropna()
        given = edges.map_partitions(shares, share, meta=meta).groupby("target")["given"].sum()
        ranks = next_ranks(ranks, given.compute(), params["damping"])
    write_ranks(ranks, output)


def ray_rank(session, params, output):
    import pandas as pd
    import pyarrow.csv
    import ray.data
    from ray.data.aggregate import Count, Sum

    edges = ray.data.read_csv(
        params["input"],
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t"),
        read_options=pyarrow.csv.ReadOptions(column_names=["source", "target"]),
    ).materialize()

    def series(groups, key, value):
        frame = groups.to_pandas()
        return pd.Series(frame[value].to_numpy(), index=frame[key].to_numpy())

    links = series(edges.groupby("source").aggregate(Count(alias_name="n")), "source", "n")
    linked = series(edges.groupby("target").aggregate(Count(alias_name="n")), "target", "n")
    pages = links.index.union(linked.index)
    ranks = pd.Series(1 / len(pages), index=pages)
    for _ in range(params["roundsMax"]):
        share = ray.put((ranks / links).dropna())

        def shares(batch, share=share):
            given = pd.Series(batch["source"]).map(ray.get(share)).to_numpy()
            return {"target": batch["target"], "given": given}

        groups = edges.map_batches(shares).groupby("target")
        given = series(groups.aggregate(Sum("given", alias_name="given")), "target", "given")
        ranks = next_ranks(ranks, given, params["damping"])
    write_ranks(ranks, output)
