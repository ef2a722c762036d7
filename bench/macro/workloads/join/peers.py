"""Joins by Polars; DuckDB and Spark have them as SQL."""


def polars_join(session, params, output):
    import polars as pl

    left = pl.scan_parquet(f"{params['folder']}/x.parquet")
    right = pl.scan_parquet(f"{params['folder']}/{params['other']}.parquet")
    return (
        left.join(right, left_on=params["left"], right_on=params["right"], how=params["kind"])
        .select(pl.len(), pl.col("v1").sum(), pl.col("v2").sum())
        .collect(engine="streaming")
        .rows()
    )
