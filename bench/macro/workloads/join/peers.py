"""Joins by Polars, Dask and Ray Data; DuckDB and Spark have them as SQL."""


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


def dask_join(session, params, output):
    import dask
    import dask.dataframe as dd

    left = dd.read_parquet(f"{params['folder']}/x.parquet", columns=[params["left"], "v1"])
    path = f"{params['folder']}/{params['other']}.parquet"
    right = dd.read_parquet(path, columns=[params["right"], "v2"])
    joined = left.merge(
        right, left_on=params["left"], right_on=params["right"], how=params["kind"]
    )
    return [list(dask.compute(joined["v1"].count(), joined["v1"].sum(), joined["v2"].sum()))]


def ray_join(session, params, output):
    import ray.data
    from ray.data.aggregate import Count, Sum

    kind = {"inner": "inner", "left": "left_outer"}[params["kind"]]
    left = ray.data.read_parquet(
        f"{params['folder']}/x.parquet", columns=[params["left"], "v1"]
    )
    right = ray.data.read_parquet(
        f"{params['folder']}/{params['other']}.parquet", columns=[params["right"], "v2"]
    )
    found = left.join(
        right, kind, 4, on=(params["left"],), right_on=(params["right"],)
    ).aggregate(
        Count(alias_name="rows"), Sum("v1", alias_name="a"), Sum("v2", alias_name="b")
    )
    return [[found["rows"], found["a"], found["b"]]]
