"""Word count by Polars, for the curves."""


def polars_words(session, params, output):
    import polars as pl

    return (
        pl.scan_lines(params["input"], name="line")
        .select(pl.col("line").str.split(" ").alias("word"))
        .explode("word")
        .group_by("word")
        .agg(pl.len().alias("count"))
        .select(pl.len(), pl.col("count").sum())
        .collect(engine="streaming")
        .rows()
    )
