"""The least that each Python peer can be asked."""


def polars_count(session, params, output):
    import polars as pl

    return pl.select(pl.int_range(params["rows"])).lazy().select(pl.len()).collect().rows()


def spark_count(session, params, output):
    return [[session.spark.range(params["rows"]).count()]]


def dask_count(session, params, output):
    import dask.bag

    return [[dask.bag.from_sequence(range(params["rows"])).count().compute()]]


def ray_count(session, params, output):
    import ray.data

    return [[ray.data.range(params["rows"]).count()]]


def spark_tasks(session, params, output):
    tasks = params["tasks"]
    frame = session.spark.range(0, tasks, 1, tasks).selectExpr("count(*)", "sum(id)")
    return frame.collect()


def spark_shuffled_tasks(session, params, output):
    tasks = params["tasks"]
    frame = session.spark.range(0, tasks, 1, 1).repartition(tasks, "id")
    return frame.selectExpr("count(*)", "sum(id)").collect()


def dask_tasks(session, params, output):
    import dask

    parts = [dask.delayed(int)(number) for number in range(params["tasks"])]
    return [[len(parts), sum(dask.compute(*parts))]]


def ray_tasks(session, params, output):
    import ray

    @ray.remote
    def same(number):
        return number

    found = ray.get([same.remote(number) for number in range(params["tasks"])])
    return [[len(found), sum(found)]]
