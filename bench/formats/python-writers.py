# Writes files as pyarrow and Polars do, in every layout, encoding and codec, and says what they hold.
# Argument: a folder. Prints one line for each file: its name, a tab, the name of the file with its rows as JSON.
import datetime
import decimal
import json
import sys

import polars
import pyarrow as pa
import pyarrow.parquet

folder = sys.argv[1]
rows = 5000


def every(step, value):
    """Null in each row that the step divides."""
    return [None if i % step == 0 else value(i) for i in range(rows)]


words = ["", "a", "héllo", "日本語", "😀", "x" * 60]
day = datetime.date(1960, 1, 1)
clock = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)
context = decimal.Context(prec=38)


def digits(value, scale):
    return decimal.Decimal(value).scaleb(-scale, context)


flat = {
    "int8": pa.array(every(3, lambda i: i % 256 - 128), pa.int8()),
    "uint8": pa.array(every(5, lambda i: i % 256), pa.uint8()),
    "int16": pa.array(every(7, lambda i: i - 2500), pa.int16()),
    "uint16": pa.array(every(3, lambda i: 60000 + i), pa.uint16()),
    "int32": pa.array(every(7, lambda i: i * 823456 - 2000000000), pa.int32()),
    "uint32": pa.array(every(7, lambda i: 4294967295 - i), pa.uint32()),
    "int64": pa.array(every(5, lambda i: i * 1844674407370955 - 4611686018427387904), pa.int64()),
    "uint64": pa.array(every(5, lambda i: 18446744073709551615 - i), pa.uint64()),
    "whole": pa.array(range(rows), pa.int64()),
    "float32": pa.array(every(11, lambda i: i * 0.5), pa.float32()),
    "float64": pa.array(every(11, lambda i: i / 7), pa.float64()),
    "bool": pa.array(every(3, lambda i: i % 2 == 0), pa.bool_()),
    "word": pa.array(every(13, lambda i: words[i % 6]), pa.string()),
    "large_word": pa.array(every(13, lambda i: words[i % 6] + str(i)), pa.large_string()),
    "prefixed": pa.array([f"/a/common/prefix/{i:06d}" for i in range(rows)], pa.string()),
    "binary": pa.array(every(4, lambda i: b"b%d" % i), pa.binary()),
    "large_binary": pa.array(every(4, lambda i: bytes([i % 256])), pa.large_binary()),
    "fixed": pa.array(every(4, lambda i: b"%05d" % i), pa.binary(5)),
    "day": pa.array(every(9, lambda i: day + datetime.timedelta(i)), pa.date32()),
    "clock": pa.array([clock + datetime.timedelta(microseconds=i * 1234567) for i in range(rows)], pa.timestamp("us")),
    "seconds": pa.array(every(6, lambda i: i * 3600 - 1), pa.timestamp("s", "UTC")),
    "berlin": pa.array(every(6, lambda i: i * 86_400_123), pa.timestamp("ms", "Europe/Berlin")),
    "nanos": pa.array(every(6, lambda i: i * 1_000_001 - 999), pa.timestamp("ns")),
    "time_ms": pa.array(every(6, lambda i: i * 17_000), pa.time32("ms")),
    "time_us": pa.array(every(6, lambda i: i * 17_000_001), pa.time64("us")),
    "small_decimal": pa.array(every(8, lambda i: digits(i * 125 - 10000, 2)), pa.decimal128(9, 2)),
    "large_decimal": pa.array(every(8, lambda i: digits(i * 10**33 - 7, 6)), pa.decimal128(38, 6)),
    "nothing": pa.nulls(rows),
}
nested = {
    "numbers": pa.array(every(6, lambda i: list(range(i % 4))), pa.list_(pa.int64())),
    "texts": pa.array(every(9, lambda i: [["a", None], [], [f"b{i}"]]), pa.list_(pa.list_(pa.string()))),
    "struct": pa.array(
        every(8, lambda i: {"a": i, "b": {"c": None if i % 10 == 0 else f"x{i}", "d": [1.5]}}),
        pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.large_string()), ("d", pa.list_(pa.float64()))]))]),
    ),
    "entries": pa.array(every(7, lambda i: [(f"k{i % 3}", i)]), pa.map_(pa.string(), pa.int32())),
}
# Layouts that only Arrow has, or that Parquet does not keep.
layouts = {
    "coded": pa.array(every(13, lambda i: words[i % 6]), pa.string()).dictionary_encode(),
    "coded_days": pa.array(every(13, lambda i: day + datetime.timedelta(i % 50)), pa.date32()).dictionary_encode(),
    "coded_clocks": pa.array(every(5, lambda i: i % 9 - 4), pa.timestamp("us", "UTC")).dictionary_encode(),
    "coded_list": pa.array(every(5, lambda i: [words[i % 6], None]), pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "large_list": pa.array(every(6, lambda i: list(range(i % 3))), pa.large_list(pa.int32())),
    "pairs": pa.array([[i, -i] for i in range(rows)], pa.list_(pa.int32(), 2)),
    "half": pa.array(every(5, lambda i: i / 4), pa.float32()).cast(pa.float16()),
    "wide_decimal": pa.array(every(5, lambda i: digits(i - 2500, 3)), pa.decimal256(38, 3)),
    "view": pa.array(every(4, lambda i: words[i % 6] + str(i)), pa.string_view()),
    "time_s": pa.array(every(6, lambda i: i), pa.time32("s")),
    "time_ns": pa.array(every(6, lambda i: i * 1_000_001), pa.time64("ns")),
    "millis_day": pa.array(every(6, lambda i: day + datetime.timedelta(i)), pa.date64()),
}


def plain(value, type):
    if value is None:
        return None
    if pa.types.is_dictionary(type):
        return plain(value, type.value_type)
    if pa.types.is_map(type):
        return [{"key": plain(k, type.key_type), "value": plain(v, type.item_type)} for k, v in value]
    if pa.types.is_struct(type):
        return {field.name: plain(value[field.name], field.type) for field in type}
    if pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type):
        return [plain(item, type.value_type) for item in value]
    if isinstance(value, bytes):
        return value.hex().upper()
    if pa.types.is_int64(type) or pa.types.is_decimal(type) or pa.types.is_uint64(type):
        return str(value) if not isinstance(value, decimal.Decimal) else format(value, "f")
    return value


microseconds = {"s": 1_000_000, "ms": 1000, "us": 1}


def values_of(array):
    """Times as whole numbers, rounded down, since Python's own cannot hold nanoseconds."""
    type = array.type
    if pa.types.is_dictionary(type):
        return values_of(array.cast(type.value_type))
    if pa.types.is_timestamp(type) or pa.types.is_time64(type):
        whole = array.cast(pa.int64()).to_pylist()
        scaled = [None if at is None else at // 1000 if type.unit == "ns" else at * microseconds[type.unit] for at in whole]
        return [str(at) if at is not None and pa.types.is_timestamp(type) else at for at in scaled]
    if pa.types.is_time32(type):
        whole = array.cast(pa.int32()).to_pylist()
        return [None if at is None else at * (1000 if type.unit == "s" else 1) for at in whole]
    if pa.types.is_date(type):
        return array.cast(pa.date32()).cast(pa.int32()).to_pylist()
    return [plain(value, type) for value in array.to_pylist()]


def say(name, table):
    columns = {field.name: values_of(table[field.name].combine_chunks()) for field in table.schema}
    with open(f"{folder}/{name}.json", "w") as out:
        json.dump(columns, out, ensure_ascii=False, allow_nan=False)


def show(file, of):
    print(f"{file}\t{of}.json")


stored = pa.table({**flat, **nested})
say("stored", stored)
codecs = ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]
for codec in codecs:
    for version in ["1.0", "2.0"]:
        file = f"{codec}-pages-{version}.parquet"
        options = {"compression": codec, "data_page_version": version, "row_group_size": 2048}
        pa.parquet.write_table(stored, f"{folder}/{file}", data_page_size=4096, **options)
        show(file, "stored")
delta = ["int32", "int64", "whole", "clock", "day"]
split = ["float32", "float64", "fixed", "small_decimal"]
encodings = {
    "delta": {**{name: "DELTA_BINARY_PACKED" for name in delta}, "word": "DELTA_LENGTH_BYTE_ARRAY", "prefixed": "DELTA_BYTE_ARRAY", "fixed": "DELTA_BYTE_ARRAY"},
    "split": {name: "BYTE_STREAM_SPLIT" for name in [*split, "int32", "int64"]},
    "plain": {name: "PLAIN" for name in flat if name != "bool"},
    "rle": {"bool": "RLE"},
}
for name, columns in encodings.items():
    for version in ["1.0", "2.0"]:
        file = f"{name}-{version}.parquet"
        options = {"use_dictionary": False, "column_encoding": columns, "data_page_version": version}
        pa.parquet.write_table(stored, f"{folder}/{file}", **options)
        show(file, "stored")
pa.parquet.write_table(stored, f"{folder}/small-dictionary.parquet", dictionary_pagesize_limit=512, data_page_size=1024)
show("small-dictionary.parquet", "stored")

arrays = pa.table({**flat, **nested, **layouts})
say("arrays", arrays)
for codec in [None, "lz4", "zstd"]:
    options = pa.ipc.IpcWriteOptions(compression=codec)
    for kind, new in [("file", pa.ipc.new_file), ("stream", pa.ipc.new_stream)]:
        file = f"{codec}-{kind}.arrow"
        with new(f"{folder}/{file}", arrays.schema, options=options) as writer:
            writer.write_table(arrays, max_chunksize=1700)
        show(file, "arrays")

# Polars has neither maps nor times of 32 bits; its texts are views, its categories dictionaries.
left_out = ["entries", "time_ms", "nothing", "fixed", "uint64"]
frame = polars.from_arrow(stored.drop_columns(left_out)).with_columns(polars.col("word").cast(polars.Categorical).alias("category"))
say("frame", frame.to_arrow())
for codec in ["uncompressed", "lz4", "zstd"]:
    frame.write_ipc(f"{folder}/polars-{codec}.arrow", compression=codec)
    show(f"polars-{codec}.arrow", "frame")
for codec in ["uncompressed", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    frame.write_parquet(f"{folder}/polars-{codec}.parquet", compression=codec, row_group_size=2048)
    show(f"polars-{codec}.parquet", "frame")
