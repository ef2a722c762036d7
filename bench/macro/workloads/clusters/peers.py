"""k-means by Polars (expressions) and Spark (a vectorised function of Python)."""


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
