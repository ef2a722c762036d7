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
