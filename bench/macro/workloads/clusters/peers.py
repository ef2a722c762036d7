"""k-means by Polars (expressions), Spark (a vectorised function of Python), Dask and Ray Data (NumPy)."""


def polars_means(session, params, output):
    import polars as pl

    points = pl.read_parquet(params["input"]).lazy()
    centers = params["centers"]
    axes = ["x", "y", "z"]
    for _ in range(params["rounds"]):
        distances = [
            sum((pl.col(axis) - value) ** 2 for axis, value in zip(axes, center))
            for center in centers
        ]
        nearest = pl.concat_list(distances).list.arg_min().alias("center")
        means = (
            points.with_columns(nearest)
            .group_by("center")
            .agg(*(pl.col(axis).mean() for axis in axes))
            .collect(engine="streaming")
        )
        found = {row[0]: list(row[1:]) for row in means.rows()}
        centers = [found.get(at, center) for at, center in enumerate(centers)]
    return centers


def spark_means(session, params, output):
    import numpy as np
    import pandas as pd
    from pyspark.sql import functions as F

    points = session.spark.read.parquet(params["input"]).cache()
    centers = params["centers"]
    for _ in range(params["rounds"]):
        fixed = np.array(centers)

        @F.pandas_udf("int")
        def nearest(x: pd.Series, y: pd.Series, z: pd.Series) -> pd.Series:
            all_points = np.stack([x, y, z], axis=1)
            distances = ((all_points[:, None, :] - fixed[None, :, :]) ** 2).sum(axis=2)
            return pd.Series(distances.argmin(axis=1))

        means = (
            points.withColumn("center", nearest("x", "y", "z"))
            .groupBy("center")
            .agg(F.avg("x"), F.avg("y"), F.avg("z"))
            .collect()
        )
        found = {row[0]: list(row[1:]) for row in means}
        centers = [found.get(at, center) for at, center in enumerate(centers)]
    points.unpersist()
    return centers


def sums_by_center(points, centers):
    """One row for each center: how many points are nearest to it, and their sums."""
    import numpy as np

    distances = ((points[:, None, :] - np.array(centers)[None, :, :]) ** 2).sum(axis=2)
    nearest = distances.argmin(axis=1)
    weights = [np.ones(len(points)), *points.T]
    return np.stack(
        [np.bincount(nearest, weight, minlength=len(centers)) for weight in weights], axis=1
    )


def next_centers(sums, centers):
    """`sums`: an array as of `sums_by_center` for each part of the points."""
    total = sum(sums)
    return [
        list(row[1:] / row[0]) if row[0] > 0 else list(center)
        for row, center in zip(total, centers)
    ]


def dask_means(session, params, output):
    import dask
    import dask.dataframe as dd

    parts = dd.read_parquet(params["input"], columns=["x", "y", "z"]).to_delayed()
    parts = dask.persist(*(dask.delayed(lambda part: part.to_numpy())(part) for part in parts))
    centers = params["centers"]
    for _ in range(params["rounds"]):
        sums = dask.compute(*(dask.delayed(sums_by_center)(part, centers) for part in parts))
        centers = next_centers(sums, centers)
    return centers


def ray_means(session, params, output):
    import numpy as np
    import ray.data

    points = ray.data.read_parquet(params["input"]).materialize()
    centers = params["centers"]
    names = ["n", "x", "y", "z"]
    for _ in range(params["rounds"]):

        def sums(batch, centers=centers):
            stacked = np.stack([batch["x"], batch["y"], batch["z"]], axis=1)
            found = sums_by_center(stacked, centers)
            return {name: [found[:, at]] for at, name in enumerate(names)}

        parts = points.map_batches(sums, batch_size=100_000).take_all()
        centers = next_centers(
            [np.stack([part[name] for name in names], axis=1) for part in parts], centers
        )
    return centers
