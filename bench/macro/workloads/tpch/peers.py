"""TPC-H by Polars: its SQL over the tables as lazy frames."""


def polars_open(session, params, output):
    import polars as pl

    for name in params["tables"]:
        session.tables.register(name, pl.scan_parquet(f"{params['folder']}/{name}.parquet"))
