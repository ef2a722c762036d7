"""Small queries by Polars, Dask and Ray Data; DuckDB and Spark have them as SQL."""


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


def dask_flights(params, columns):
    import dask.dataframe as dd

    return dd.read_parquet(params["flights"], columns=columns)


def airport_names(params):
    import pandas as pd

    return pd.read_csv(params["airports"]).set_index("iata")["name"]


def busiest(groups, names):
    """`groups`: a frame of pandas with `n` and `late` by origin."""
    known = groups[groups.index.isin(names.index)].reset_index(names="origin")
    first = known.sort_values(["n", "origin"], ascending=[False, True]).head(10)
    return [
        [row.origin, names[row.origin], int(row.n), int(row.late)] for row in first.itertuples()
    ]


def routes(groups):
    """`groups`: a frame of pandas with `origin`, `n` and the mean `d` of each route."""
    best = groups[groups["n"] == groups.groupby("origin")["n"].transform("max")]
    return [[len(best), int(best["n"].sum()), float(best["d"].sum())]]


def dask_count(session, params, output):
    return [[len(dask_flights(params, ["delay"]))]]


def dask_hours(session, params, output):
    frame = dask_flights(params, ["date", "delay"])
    by_hour = frame.assign(hour=frame["date"].dt.hour).groupby("hour")
    found = by_hour.agg({"date": "count", "delay": "mean"}).compute().sort_index()
    return [[int(hour), int(row["date"]), float(row["delay"])] for hour, row in found.iterrows()]


def dask_busiest(session, params, output):
    frame = dask_flights(params, ["origin", "delay"])
    groups = frame.assign(late=frame["delay"] > 15).groupby("origin")
    found = groups.agg({"delay": "count", "late": "sum"}).compute()
    return busiest(found.rename(columns={"delay": "n"}), airport_names(params))


def dask_routes(session, params, output):
    frame = dask_flights(params, ["origin", "destination", "distance", "delay"])
    groups = frame[frame["distance"] > 1000].groupby(["origin", "destination"])
    found = groups.agg({"distance": "count", "delay": "mean"}).compute().reset_index()
    return routes(found.rename(columns={"distance": "n", "delay": "d"}))


def ray_flights(params, columns):
    import ray.data

    return ray.data.read_parquet(params["flights"], columns=columns)


def ray_count(session, params, output):
    return [[ray_flights(params, ["delay"]).count()]]


def ray_hours(session, params, output):
    from ray.data.aggregate import Count, Mean

    def hours(batch):
        hour = batch["date"].astype("datetime64[h]").astype("int64") % 24
        return {"hour": hour, "delay": batch["delay"]}

    groups = ray_flights(params, ["date", "delay"]).map_batches(hours).groupby("hour")
    found = groups.aggregate(Count(alias_name="n"), Mean("delay", alias_name="d"))
    return sorted([row["hour"], row["n"], row["d"]] for row in found.take_all())


def ray_busiest(session, params, output):
    from ray.data.aggregate import Count, Sum

    def late(batch):
        return {"origin": batch["origin"], "late": (batch["delay"] > 15).astype("int64")}

    groups = ray_flights(params, ["origin", "delay"]).map_batches(late).groupby("origin")
    found = groups.aggregate(Count(alias_name="n"), Sum("late", alias_name="late")).to_pandas()
    return busiest(found.set_index("origin"), airport_names(params))


def ray_routes(session, params, output):
    from ray.data.aggregate import Count, Mean

    def long(batch):
        wanted = batch["distance"] > 1000
        return {name: batch[name][wanted] for name in ("origin", "destination", "delay")}

    frame = ray_flights(params, ["origin", "destination", "distance", "delay"]).map_batches(long)
    groups = frame.groupby(["origin", "destination"])
    found = groups.aggregate(Count(alias_name="n"), Mean("delay", alias_name="d"))
    return routes(found.to_pandas())
