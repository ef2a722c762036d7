# What pyarrow, Polars, and DuckDB over pyarrow's tables find in the outputs below a folder: a line of JSON for each.
import glob
import json
import sys

import duckdb
import polars
import pyarrow
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet

(root,) = sys.argv[1:]


def said(cell, rows, types):
    """`types`: names of the types of id, price and note, as the reader has them."""
    assert types == ("int", "float", "text"), f"{cell}: the types are {types}"
    notes = [row["note"] for row in rows if row["note"] is not None]
    facts = {
        "rows": len(rows),
        "ids": sum(row["id"] for row in rows),
        "prices": sum(row["price"] for row in rows),
        "notes": len(notes),
        "note": min(notes),
        "cities": sorted({row["city"] for row in rows}, key=lambda city: (city is None, city)),
        "years": sorted({int(row["year"]) for row in rows}),
    }
    print(json.dumps({"cell": cell, "facts": facts}))


def arrow_types(table):
    def name(type):
        if pyarrow.types.is_integer(type):
            return "int"
        if pyarrow.types.is_floating(type):
            return "float"
        return "text" if pyarrow.types.is_string(type) else str(type)

    return tuple(name(table.schema.field(column).type) for column in ("id", "price", "note"))


def polars_types(frame):
    def name(type):
        if type.is_integer():
            return "int"
        if type.is_float():
            return "float"
        return "text" if type == polars.String else str(type)

    return tuple(name(frame.schema[column]) for column in ("id", "price", "note"))


def by_pyarrow(of):
    if of == "arrow":
        (path,) = glob.glob(f"{root}/arrow/*.arrow")
        return pyarrow.ipc.open_file(path).read_all()
    kind = of.split("-")[0]
    if kind == "csv":
        # Lines within quotes, and nothing between two delimiters for null.
        format = pyarrow.dataset.CsvFileFormat(
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
    else:
        format = "parquet"
    partitioning = "hive" if of.endswith("-folders") else None
    return pyarrow.dataset.dataset(f"{root}/{of}", format=format, partitioning=partitioning).to_table()


def by_polars(of):
    kind = of.split("-")[0]
    pattern = f"{root}/{of}/**/*.{kind}" if of.endswith("-folders") else f"{root}/{of}/*.{kind}"
    if kind == "arrow":
        return polars.read_ipc(pattern)
    if kind == "parquet":
        return polars.read_parquet(pattern, hive_partitioning=of.endswith("-folders"))
    if not of.endswith("-folders"):
        return polars.read_csv(pattern)
    # Polars has no folders of partitions for CSV: their names are read off the paths.
    frames = []
    for path in sorted(glob.glob(pattern, recursive=True)):
        names = dict(part.split("=", 1) for part in path.split("/") if "=" in part)
        made = [polars.lit(value_of(text), dtype=polars.String).alias(name) for name, text in names.items()]
        frames.append(polars.read_csv(path).with_columns(made))
    return polars.concat(frames)


def value_of(text):
    from urllib.parse import unquote

    return None if text == "__HIVE_DEFAULT_PARTITION__" else unquote(text)


for of in ("parquet", "arrow", "csv", "parquet-folders", "csv-folders"):
    table = by_pyarrow(of)
    said(f"pyarrow {of}", table.to_pylist(), arrow_types(table))
    frame = by_polars(of)
    said(f"polars {of}", frame.to_dicts(), polars_types(frame))

# DuckDB reads files of Arrow with an extension only, which is fetched from its own server: here pyarrow opens them.
(path,) = glob.glob(f"{root}/arrow/*.arrow")
opened = pyarrow.ipc.open_file(path).read_all()
found = duckdb.sql("select * from opened").to_arrow_table()
said("duckdb arrow", found.to_pylist(), arrow_types(found))
