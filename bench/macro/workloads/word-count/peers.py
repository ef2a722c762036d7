"""Word count by the Python peers."""

import os
import re

word_pattern = re.compile(r"[^\W\d_]+")


def polars_expressions(session, params, output):
    import polars as pl

    os.makedirs(output)
    (
        pl.scan_lines(params["input"], name="line")
        .select(pl.col("line").str.split(" ").alias("word"))
        .explode("word")
        .group_by("word")
        .agg(pl.len().alias("count"))
        .sort(["count", "word"], descending=[True, False])
        .sink_parquet(f"{output}/words.parquet", engine="streaming")
    )


def polars_real(session, params, output):
    import polars as pl

    os.makedirs(output)
    (
        pl.scan_lines(params["input"], name="line")
        .select(pl.col("line").str.to_lowercase().str.extract_all(r"\p{L}+").alias("word"))
        .explode("word")
        .drop_nulls()
        .group_by("word")
        .agg(pl.len().alias("count"))
        .sort(["count", "word"], descending=[True, False])
        .sink_parquet(f"{output}/words.parquet", engine="streaming")
    )


def spark_frame(session, params, output, words):
    (
        session.spark.read.text(params["input"])
        .selectExpr(f"explode({words}) as word")
        .groupBy("word")
        .count()
        .orderBy("count", "word", ascending=[False, True])
        .write.parquet(output)
    )


def spark_expressions(session, params, output):
    spark_frame(session, params, output, "split(value, ' ')")


def spark_real(session, params, output):
    spark_frame(session, params, output, r"regexp_extract_all(lower(value), r'\p{L}+', 0)")


def spark_by_function(session, params, output, words_of):
    lines = session.spark.sparkContext.textFile(params["input"])
    counts = (
        lines.flatMap(words_of)
        .map(lambda word: (word, 1))
        .reduceByKey(lambda a, b: a + b)
        .sortBy(lambda pair: (-pair[1], pair[0]))
    )
    session.spark.createDataFrame(counts, "word string, count long").write.parquet(output)


def spark_closure(session, params, output):
    spark_by_function(session, params, output, lambda line: line.split(" "))


def spark_real_closure(session, params, output):
    import re

    pattern = re.compile(r"[^\W\d_]+")
    spark_by_function(session, params, output, lambda line: pattern.findall(line.lower()))


def dask_frame(params, output, words_of):
    import dask.bag

    counts = (
        dask.bag.read_text(params["input"], blocksize=2**25 if "*" not in params["input"] else None)
        .map(lambda line: line.rstrip("\n"))
        .map(words_of)
        .flatten()
        .frequencies()
        .compute()
    )
    write_counts(counts, output)


def write_counts(counts, output):
    import pyarrow as pa
    import pyarrow.parquet as pq

    ordered = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    os.makedirs(output)
    words, numbers = zip(*ordered)
    pq.write_table(pa.table({"word": words, "count": numbers}), f"{output}/words.parquet")


def dask_expressions(session, params, output):
    import dask.dataframe as dd

    os.makedirs(output)
    lines = dd.read_csv(
        params["input"], header=None, names=["line"], sep="\x01", blocksize=2**25, quoting=3
    )
    counts = lines["line"].str.split(" ").explode().value_counts().compute()
    write_counts(list(counts.items()), output + "/words")


def dask_closure(session, params, output):
    dask_frame(params, output, lambda line: line.split(" "))


def dask_real(session, params, output):
    dask_frame(params, output, lambda line: word_pattern.findall(line.lower()))


dask_real_closure = dask_real


def ray_by_function(params, output, words_of):
    import ray.data

    def count_words(batch):
        from collections import Counter

        counts = Counter()
        for line in batch["text"]:
            counts.update(words_of(line))
        return {"word": list(counts.keys()), "count": list(counts.values())}

    from glob import glob

    os.makedirs(output)
    counted = (
        ray.data.read_text(sorted(glob(params["input"])), drop_empty_lines=False)
        .map_batches(count_words, batch_size=100_000)
        .groupby("word")
        .sum("count")
        .rename_columns({"sum(count)": "count"})
        .sort(["count", "word"], descending=[True, False])
    )
    counted.write_parquet(output)


def ray_closure(session, params, output):
    ray_by_function(params, output, lambda line: line.split(" "))


def ray_real_closure(session, params, output):
    pattern = re.compile(r"[^\W\d_]+")
    ray_by_function(params, output, lambda line: pattern.findall(line.lower()))
