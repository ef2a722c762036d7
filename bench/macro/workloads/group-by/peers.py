"""Questions about groups by Polars; DuckDB and Spark have them as SQL."""


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
