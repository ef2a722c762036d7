"""Small queries by Polars; DuckDB and Spark have them as SQL."""


def scan(params):
    import polars as pl

    return pl.scan_parquet(params["flights"])


def polars_count(session, params, output):
    import polars as pl

    return scan(params).select(pl.len()).collect(engine="streaming").rows()


def polars_hours(session, params, output):
    import polars as pl

    return (
        scan(params)
        .group_by(pl.col("date").dt.hour().alias("hour"))
        .agg(pl.len(), pl.col("delay").mean())
        .sort("hour", nulls_last=False)
        .collect(engine="streaming")
        .rows()
    )


def polars_busiest(session, params, output):
    import polars as pl

    airports = pl.scan_csv(params["airports"]).select("iata", "name")
    return (
        scan(params)
        .group_by("origin")
        .agg(pl.len().alias("n"), (pl.col("delay") > 15).sum().alias("late"))
        .join(airports, left_on="origin", right_on="iata")
        .select("origin", "name", "n", "late")
        .sort(["n", "origin"], descending=[True, False])
        .head(10)
        .collect(engine="streaming")
        .rows()
    )


def polars_routes(session, params, output):
    import polars as pl

    return (
        scan(params)
        .filter(pl.col("distance") > 1000)
        .group_by("origin", "destination")
        .agg(pl.len().alias("n"), pl.col("delay").mean().alias("d"))
        .filter(pl.col("n") == pl.col("n").max().over("origin"))
        .select(pl.len().alias("routes"), pl.col("n").sum(), pl.col("d").sum())
        .collect(engine="streaming")
        .rows()
    )
