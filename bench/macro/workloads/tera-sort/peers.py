"""Lines sorted by the Python peers."""

import os


def polars_sort(session, params, output):
    import polars as pl

    os.makedirs(output)
    (
        pl.scan_lines(params["input"], name="line")
        .sort("line")
        .sink_csv(
            f"{output}/sorted.txt", include_header=False, quote_style="never", engine="streaming"
        )
    )


def spark_sort(session, params, output):
    session.spark.read.text(params["input"]).orderBy("value").write.text(output)


def dask_sort(session, params, output):
    import csv

    import dask.dataframe as dd

    os.makedirs(output)
    # No line has this character: each is one column.
    lines = dd.read_csv(
        params["input"],
        header=None,
        names=["line"],
        sep="\x01",
        blocksize=2**26,
        quoting=csv.QUOTE_NONE,
        keep_default_na=False,
    )
    lines.sort_values("line").to_csv(
        f"{output}/*.txt",
        name_function=lambda part: f"{part:05}",
        header=False,
        index=False,
        sep="\x01",
        quoting=csv.QUOTE_NONE,
    )
