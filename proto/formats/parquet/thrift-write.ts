// Writes Thrift's compact protocol, in which Parquet stores its footer and page headers.

export type Thrift =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "i32" | "i64"; readonly value: number }
  | { readonly kind: "binary"; readonly value: Uint8Array }
  | { readonly kind: "list"; readonly of: Thrift["kind"]; readonly items: readonly Thrift[] }
  | { readonly kind: "struct"; readonly fields: readonly ThriftField[] };

/** A field by id; those without a value are left out. Ids rise. */
export type ThriftField = readonly [number, Thrift | undefined];

export const i32 = (value: number): Thrift => ({ kind: "i32", value });
export const i64 = (value: number): Thrift => ({ kind: "i64", value });
export const bool = (value: boolean): Thrift => ({ kind: "bool", value });
export const bytes = (value: Uint8Array): Thrift => ({ kind: "binary", value });
export const text = (value: string): Thrift => bytes(new TextEncoder().encode(value));
export const struct = (...fields: readonly ThriftField[]): Thrift => ({ kind: "struct", fields });
export const list = (of: Thrift["kind"], items: readonly Thrift[]): Thrift => ({
  kind: "list",
  of,
  items,
});

/** Of fields; a boolean's type says its value. */
const typeIds: Readonly<Record<Thrift["kind"], number>> = {
  bool: 1,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
};

class ByteWriter {
  private held = new Uint8Array(1024);
  private end = 0;

  private room(more: number): void {
    if (this.end + more <= this.held.length) return;
    const larger = new Uint8Array(Math.max(this.held.length * 2, this.end + more));
    larger.set(this.held.subarray(0, this.end));
    this.held = larger;
  }

  byte(value: number): void {
    this.room(1);
    this.held[this.end++] = value;
  }

  bytes(value: Uint8Array): void {
    this.room(value.length);
    this.held.set(value, this.end);
    this.end += value.length;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  taken(): Uint8Array {
    return this.held.slice(0, this.end);
  }
}

/** Exact up to 2^52 either way. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function writeValue(out: ByteWriter, value: Thrift): void {
  switch (value.kind) {
    case "bool":
      out.byte(value.value ? 1 : 2);
      break;
    case "i32":
    case "i64":
      out.varint(zigzag(value.value));
      break;
    case "binary":
      out.varint(value.value.length);
      out.bytes(value.value);
      break;
    case "list": {
      const size = value.items.length;
      out.byte((size < 15 ? size << 4 : 0xf0) | typeIds[value.of]);
      if (size >= 15) out.varint(size);
      for (const item of value.items) writeValue(out, item);
      break;
    }
    case "struct":
      writeFields(out, value.fields);
      break;
  }
}

function writeFields(out: ByteWriter, fields: readonly ThriftField[]): void {
  let last = 0;
  for (const [id, value] of fields) {
    if (value === undefined) continue;
    const type = value.kind === "bool" && !value.value ? 2 : typeIds[value.kind];
    const step = id - last;
    last = id;
    if (step <= 15) out.byte((step << 4) | type);
    else {
      out.byte(type);
      out.varint(zigzag(id));
    }
    if (value.kind !== "bool") writeValue(out, value);
  }
  out.byte(0);
}

export function thriftBytes(value: Thrift): Uint8Array {
  const out = new ByteWriter();
  writeValue(out, value);
  return out.taken();
}
