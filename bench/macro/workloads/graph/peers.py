"""PageRank by Polars and Spark: a join and a sum each round."""

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
