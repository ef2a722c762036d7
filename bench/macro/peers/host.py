"""The process side of a session with a Python peer: `host.py PEER THREADS MODULE [--once TASK OUTPUT]`.

Says that it is ready, then answers requests, one JSON object a line. A request names a function of the
workload's module, `PEER_name(session, params, output)`, or brings statements of SQL.
"""

import importlib.util
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback


class DuckDB:
    def __init__(self, threads):
        import duckdb

        self.connection = duckdb.connect(":memory:", config={"threads": threads})
        self.version = duckdb.__version__

    def sql(self, statements, output):
        os.makedirs(output, exist_ok=True)
        rows = []
        for statement in statements:
            rows = self.connection.execute(statement).fetchall()
        return rows


class Polars:
    def __init__(self, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.version = polars.__version__
        # Tables for its SQL; a workload's setup registers them.
        self.tables = polars.SQLContext()

    def sql(self, statements, output):
        rows = []
        for statement in statements:
            rows = self.tables.execute(statement).collect(engine="streaming").rows()
        return rows


class Spark:
    def __init__(self, threads):
        from pyspark.sql import SparkSession

        self.spark = (
            SparkSession.builder.master(f"local[{threads}]")
            .appName("bench")
            .config("spark.driver.memory", os.environ.get("BENCH_SPARK_MEMORY", "8g"))
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", str(4 * threads))
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.sql.execution.pythonUDF.arrow.enabled", "true")
            .config("spark.log.level", "ERROR")
            .config("spark.local.dir", os.environ.get("TMPDIR", "/tmp"))
            .config(
                "spark.driver.extraJavaOptions",
                "-Djava.io.tmpdir=" + os.environ.get("TMPDIR", "/tmp"),
            )
            .getOrCreate()
        )
        java = self.spark._jvm.java.lang.System.getProperty("java.version")
        self.version = f"{self.spark.version} on Java {java}"
        self.threads = threads

    def sql(self, statements, output):
        rows = []
        for statement in statements:
            rows = [list(row) for row in self.spark.sql(statement).collect()]
        return rows

    def adopt(self, module):
        from pyspark import cloudpickle

        cloudpickle.register_pickle_by_value(module)

    def close(self):
        self.spark.stop()


class Dask:
    def __init__(self, threads):
        import dask
        import dask.dataframe

        dask.config.set(scheduler="threads", num_workers=threads)
        self.version = dask.__version__
        self.threads = threads


class Ray:
    def __init__(self, threads):
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray
        import ray.data

        ray.init(
            num_cpus=threads,
            object_store_memory=4 * 10**9,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # Its default of 200 partitions is for clusters: on a few cores they would only wait for each other.
        context.default_hash_shuffle_parallelism = 2 * threads
        context.max_hash_shuffle_aggregators = threads
        self.version = ray.__version__

    def adopt(self, module):
        import ray.cloudpickle

        ray.cloudpickle.register_pickle_by_value(module)

    def close(self):
        import ray

        ray.shutdown()


sessions = {"duckdb": DuckDB, "polars": Polars, "spark": Spark, "dask": Dask, "ray": Ray}


def load(path):
    if path == "-":
        return None
    # What a module imports lies beside it; nothing is written there.
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("workload", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["workload"] = module
    spec.loader.exec_module(module)
    return module


def cell(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
            return str(value)
        if isinstance(value, float) and value != value:
            return "NaN"
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    if hasattr(value, "item"):
        return cell(value.item())
    return str(value)


def run(session, peer, module, request):
    task, output = request["task"], request["output"]
    if task["kind"] == "sql":
        rows = session.sql(task["statements"], output)
    else:
        function = getattr(module, f"{peer}_{task['name']}")
        rows = function(session, task["params"], output)
    return [[cell(value) for value in row] for row in rows or []]


# From the end of the input to our own, whatever runs then.
END_SECONDS_MAX = 5


def end_group():
    """Ends this process and those that it started and that stayed in its group, such as Spark's."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def requests_of(lines):
    """Answers a function that yields lines as they come. Their end is noticed amid a start or a run too, for which
    nobody waits any more then: who asked for it gave it up, or was killed."""
    arrived = queue.SimpleQueue()

    def read():
        for line in lines:
            arrived.put(line)
        arrived.put(None)
        time.sleep(END_SECONDS_MAX)
        end_group()

    threading.Thread(target=read, daemon=True).start()
    return lambda: iter(arrived.get, None)


def main():
    peer, threads, path, *rest = sys.argv[1:]
    # Peers write what they like to standard output; ours is kept for messages.
    messages = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message):
        messages.write(json.dumps(message, separators=(",", ":")) + "\n")
        messages.flush()

    is_once = rest[:1] == ["--once"]
    requests = None if is_once else requests_of(sys.stdin)
    session = sessions[peer](int(threads))
    module = load(path)
    # Processes of the peer's own cannot import it: they get its functions by value.
    if module is not None and hasattr(session, "adopt"):
        session.adopt(module)
    if is_once:
        request = {"task": json.loads(rest[1]), "output": rest[2]}
        rows = run(session, peer, module, request)
        messages.write(str(rows[0][0]) + "\n")
        messages.flush()
    else:
        say({"kind": "ready", "version": session.version})
        for line in requests():
            try:
                say({"kind": "done", "rows": run(session, peer, module, json.loads(line))})
            except Exception:
                say({"kind": "failed", "error": traceback.format_exc()[-3000:]})
    if hasattr(session, "close"):
        session.close()


main()
