# Compares files that we wrote with one that another engine wrote, by pyarrow and by Polars.
# Arguments: the other engine's Parquet file, then ours. Prints one line for each, fails on a difference.
import sys

import polars
import pyarrow
import pyarrow.parquet

theirs, *ours = sys.argv[1:]
# A map is written as the list of its entries, and a float as a double.
left_out = ["entries"]


def comparable(table):
    table = table.drop_columns([name for name in left_out if name in table.schema.names])
    fields = [pyarrow.float64() if f.type == pyarrow.float32() else f.type for f in table.schema]
    names = table.schema.names
    return table.cast(pyarrow.schema(list(zip(names, fields)))).combine_chunks()


def said(type):
    """Names of items, and that a list happens to hold no nulls, are no part of what a type means."""
    return str(type).replace("element: ", "item: ").replace(" not null", "")


def read(path):
    if path.endswith(".arrow"):
        return pyarrow.ipc.open_file(path).read_all()
    return pyarrow.parquet.read_table(path)


expected = comparable(read(theirs))
for path in ours:
    found = comparable(read(path))
    for name in expected.schema.names:
        want, got = expected[name], found[name]
        assert said(got.type) == said(want.type), f"{path}: {name} is {got.type}, not {want.type}"
        assert got.to_pylist() == want.to_pylist(), f"{path}: values of {name} differ"
    print(f"pyarrow {pyarrow.__version__} agrees on {found.num_rows} rows of {path}")
    by_polars = (polars.read_ipc if path.endswith(".arrow") else polars.read_parquet)(path)
    wanted = polars.from_arrow(expected)
    for name in expected.schema.names:
        want, got = wanted[name], by_polars[name]
        assert got.dtype == want.dtype or name == "float32", f"{path}: {name} is {got.dtype}"
        assert got.to_list() == want.to_list(), f"{path}: values of {name} differ in Polars"
    print(f"Polars {polars.__version__} agrees on {by_polars.height} rows of {path}")
