"""Questions about groups by Polars, Dask and Ray Data; DuckDB and Spark have them as SQL."""


def ask(params, keys, groups, totals):
    import polars as pl

    return (
        pl.scan_parquet(params["input"])
        .group_by(keys)
        .agg(*groups)
        .select(pl.len().alias("groups"), *totals)
        .collect(engine="streaming")
        .rows()
    )


def sums(names):
    import polars as pl

    return [pl.col(name).cast(pl.Float64).sum() for name in names]


def polars_q1(session, params, output):
    return ask(params, ["id1"], sums(["v1"]), sums(["v1"]))


def polars_q2(session, params, output):
    return ask(params, ["id1", "id2"], sums(["v1"]), sums(["v1"]))


def polars_q3(session, params, output):
    import polars as pl

    return ask(params, ["id3"], [pl.col("v1").sum(), pl.col("v3").mean()], sums(["v1", "v3"]))


def polars_q4(session, params, output):
    import polars as pl

    names = ["v1", "v2", "v3"]
    return ask(params, ["id4"], [pl.col(name).mean() for name in names], sums(names))


def polars_q5(session, params, output):
    import polars as pl

    names = ["v1", "v2", "v3"]
    return ask(params, ["id6"], [pl.col(name).sum() for name in names], sums(names))


def polars_q6(session, params, output):
    import polars as pl

    v3 = pl.col("v3")
    groups = [v3.median().alias("m"), v3.std().alias("d")]
    return ask(params, ["id4", "id5"], groups, sums(["m", "d"]))


def polars_q7(session, params, output):
    import polars as pl

    return ask(params, ["id3"], [(pl.col("v1").max() - pl.col("v2").min()).alias("r")], sums(["r"]))


def polars_q8(session, params, output):
    import polars as pl

    return (
        pl.scan_parquet(params["input"])
        .group_by("id6")
        .agg(pl.col("v3").top_k(2))
        .explode("v3")
        .select(pl.len(), pl.col("v3").sum())
        .collect(engine="streaming")
        .rows()
    )


def polars_q9(session, params, output):
    import polars as pl

    return ask(params, ["id2", "id4"], [(pl.corr("v1", "v2") ** 2).alias("r2")], sums(["r2"]))


def polars_q10(session, params, output):
    import polars as pl

    keys = ["id1", "id2", "id3", "id4", "id5", "id6"]
    return ask(params, keys, [pl.col("v3").sum(), pl.len().alias("n")], sums(["v3", "n"]))


def dask_frame(params, columns):
    import dask.dataframe as dd

    return dd.read_parquet(params["input"], columns=columns)


def dask_ask(params, keys, groups, split_out=1):
    """The groups as a frame of pandas; `groups` are functions by columns."""
    frame = dask_frame(params, [*keys, *groups])
    return frame.groupby(keys).agg(groups, split_out=split_out).compute()


def dask_totals(found):
    return [[len(found), *(found[name].astype("float64").sum() for name in found.columns)]]


def dask_q1(session, params, output):
    return dask_totals(dask_ask(params, ["id1"], {"v1": "sum"}))


def dask_q2(session, params, output):
    return dask_totals(dask_ask(params, ["id1", "id2"], {"v1": "sum"}))


def dask_q3(session, params, output):
    return dask_totals(dask_ask(params, ["id3"], {"v1": "sum", "v3": "mean"}))


def dask_q4(session, params, output):
    return dask_totals(dask_ask(params, ["id4"], {"v1": "mean", "v2": "mean", "v3": "mean"}))


def dask_q5(session, params, output):
    return dask_totals(dask_ask(params, ["id6"], {"v1": "sum", "v2": "sum", "v3": "sum"}))


def dask_q6(session, params, output):
    import dask

    groups = dask_frame(params, ["id4", "id5", "v3"]).groupby(["id4", "id5"])["v3"]
    median, deviation = dask.compute(groups.median(), groups.std())
    return [[len(median), median.sum(), deviation.sum()]]


def dask_q7(session, params, output):
    found = dask_ask(params, ["id3"], {"v1": "max", "v2": "min"})
    return [[len(found), (found["v1"] - found["v2"]).sum()]]


def dask_q8(session, params, output):
    def largest_two(rows):
        return rows.sort_values("v3", ascending=False).groupby("id6").head(2)

    found = largest_two(dask_frame(params, ["id6", "v3"]).map_partitions(largest_two).compute())
    return [[len(found), found["v3"].sum()]]


def dask_q9(session, params, output):
    frame = dask_frame(params, ["id2", "id4", "v1", "v2"]).astype({"v1": "f8", "v2": "f8"})
    products = frame.assign(
        n=1.0,
        ab=frame["v1"] * frame["v2"],
        aa=frame["v1"] * frame["v1"],
        bb=frame["v2"] * frame["v2"],
    )
    s = products.groupby(["id2", "id4"]).sum().compute()
    covariance = s["n"] * s["ab"] - s["v1"] * s["v2"]
    spread = (s["n"] * s["aa"] - s["v1"] ** 2) * (s["n"] * s["bb"] - s["v2"] ** 2)
    return [[len(s), (covariance**2 / spread).sum()]]


def dask_q10(session, params, output):
    keys = ["id1", "id2", "id3", "id4", "id5", "id6"]
    found = dask_ask(params, keys, {"v3": ["sum", "count"]}, split_out=4 * session.threads)
    return dask_totals(found)


def ray_ask(params, keys, columns, groups, totals):
    """Sums up the groups that it makes: `totals` of the columns that `groups` name."""
    import ray.data
    from ray.data.aggregate import Count, Sum

    made = (
        ray.data.read_parquet(params["input"], columns=[*keys, *columns])
        .groupby(keys)
        .aggregate(*groups)
    )
    found = made.aggregate(
        Count(alias_name="groups"), *(Sum(name, alias_name=f"all_{name}") for name in totals)
    )
    return [[found["groups"], *(found[f"all_{name}"] for name in totals)]]


def ray_sums(params, keys, names):
    from ray.data.aggregate import Sum

    groups = [Sum(name, alias_name=f"sum_{name}") for name in names]
    return ray_ask(params, keys, names, groups, [f"sum_{name}" for name in names])


def ray_q1(session, params, output):
    return ray_sums(params, ["id1"], ["v1"])


def ray_q2(session, params, output):
    return ray_sums(params, ["id1", "id2"], ["v1"])


def ray_q3(session, params, output):
    from ray.data.aggregate import Mean, Sum

    groups = [Sum("v1", alias_name="a"), Mean("v3", alias_name="b")]
    return ray_ask(params, ["id3"], ["v1", "v3"], groups, ["a", "b"])


def ray_q4(session, params, output):
    from ray.data.aggregate import Mean

    names = ["v1", "v2", "v3"]
    groups = [Mean(name, alias_name=f"mean_{name}") for name in names]
    return ray_ask(params, ["id4"], names, groups, [f"mean_{name}" for name in names])


def ray_q5(session, params, output):
    return ray_sums(params, ["id6"], ["v1", "v2", "v3"])


def ray_q6(session, params, output):
    from ray.data.aggregate import Quantile, Std

    groups = [Quantile("v3", q=0.5, alias_name="m"), Std("v3", ddof=1, alias_name="d")]
    return ray_ask(params, ["id4", "id5"], ["v3"], groups, ["m", "d"])


def ray_q7(session, params, output):
    from ray.data.aggregate import Max, Min

    groups = [Max("v1", alias_name="most"), Min("v2", alias_name="least")]
    [[count, most, least]] = ray_ask(params, ["id3"], ["v1", "v2"], groups, ["most", "least"])
    return [[count, most - least]]


def ray_q8(session, params, output):
    import ray.data
    from ray.data.aggregate import Count, Sum

    def largest_two(group):
        return {"v3": sorted(group["v3"])[-2:]}

    found = (
        ray.data.read_parquet(params["input"], columns=["id6", "v3"])
        .groupby("id6")
        .map_groups(largest_two, batch_format="numpy")
        .aggregate(Count(alias_name="rows"), Sum("v3", alias_name="total"))
    )
    return [[found["rows"], found["total"]]]


def ray_q9(session, params, output):
    import ray.data
    from ray.data.aggregate import Count, Sum

    def products(batch):
        a, b = batch["v1"].astype("f8"), batch["v2"].astype("f8")
        keys = {name: batch[name] for name in ("id2", "id4")}
        return {**keys, "a": a, "b": b, "ab": a * b, "aa": a * a, "bb": b * b}

    def r2(s):
        covariance = s["n"] * s["ab"] - s["a"] * s["b"]
        spread = (s["n"] * s["aa"] - s["a"] ** 2) * (s["n"] * s["bb"] - s["b"] ** 2)
        return {"r2": covariance**2 / spread}

    names = ["a", "b", "ab", "aa", "bb"]
    found = (
        ray.data.read_parquet(params["input"], columns=["id2", "id4", "v1", "v2"])
        .map_batches(products)
        .groupby(["id2", "id4"])
        .aggregate(Count(alias_name="n"), *(Sum(name, alias_name=name) for name in names))
        .map_batches(r2)
        .aggregate(Count(alias_name="groups"), Sum("r2", alias_name="total"))
    )
    return [[found["groups"], found["total"]]]


def ray_q10(session, params, output):
    from ray.data.aggregate import Count, Sum

    keys = ["id1", "id2", "id3", "id4", "id5", "id6"]
    groups = [Sum("v3", alias_name="a"), Count(alias_name="n")]
    return ray_ask(params, keys, ["v3"], groups, ["a", "n"])
