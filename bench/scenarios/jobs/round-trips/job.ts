// Writes the same rows in every format and packing, whole and cut into files and folders, and reads them back by globs.

import { date, decimal, defineJob, int53, int64, list, schema, timestamp, utf8, z } from "millrace";

const sale = schema({
  n: int53,
  shop: utf8.nullable(),
  note: utf8,
  price: decimal(12, 2),
  id: int64,
  day: date,
  at: timestamp("UTC"),
  tags: list(utf8),
});

const rows = 600;
const manyRows = 70_000;
const fileBytesTarget = 10_000;

export default defineJob({
  name: "round-trips",
  params: z.object({ output: z.string() }),
  async run(mr, { output }) {
    const sales = mr
      .range(rows)
      .map((n) => ({
        n,
        shop: n % 3 === 0 ? null : `a/b=${n % 3}`,
        note: `"${n}",\n é`,
        price: `${n}.25`,
        id: 9_007_199_254_740_993n + BigInt(n),
        day: new Date(Date.UTC(2024, 1, 29 + (n % 5))),
        at: new Date(Date.UTC(2024, 1, 29) + n),
        tags: [`t${n % 7}`],
      }))
      .as(sale);
    const lines = sales.map((row) => `line ${row.n}`);

    for (const compression of ["none", "gzip", "zstd"] as const) {
      await lines.write.text(`${output}/text/${compression}`, { compression });
      await sales.write.csv(`${output}/csv/${compression}`, { compression });
      await sales.write.ndjson(`${output}/ndjson/${compression}`, { compression });
      await sales.write.parquet(`${output}/parquet/${compression}`, { compression });
    }
    await sales.write.arrow(`${output}/arrow/none`);

    const folders = { partitionBy: "shop", compression: "gzip" } as const;
    await sales.write.csv(`${output}/folders/csv`, folders);
    await sales.write.ndjson(`${output}/folders/ndjson`, folders);
    await sales.write.parquet(`${output}/folders/parquet`, folders);
    await sales.write.arrow(`${output}/folders/arrow`, { partitionBy: "shop" });

    // A file is closed between batches: these are several.
    const many = mr.range(manyRows).map((n) => ({ n, note: `row ${n}` }));
    const cut = { fileBytesTarget };
    const files = {
      text: (await many.map(({ note }) => note).write.text(`${output}/cut/text`, cut)).files,
      csv: (await many.write.csv(`${output}/cut/csv`, { compression: "zstd", ...cut })).files,
      parquet: (await many.write.parquet(`${output}/cut/parquet`, cut)).files,
    };

    const columns = { schema: sale };
    const inFolders = { ...columns, partitionColumns: true };
    const read = {
      csv: mr.read.csv(`${output}/csv/*/part-*`, columns),
      ndjson: mr.read.ndjson(`${output}/ndjson/{none,gzip,zstd}/*`, columns),
      parquet: mr.read.parquet(`${output}/parquet/**`, columns),
      arrow: mr.read.arrow(`${output}/arrow`, columns),
      "csv in folders": mr.read.csv(`${output}/folders/csv`, inFolders),
      "ndjson in folders": mr.read.ndjson(`${output}/folders/ndjson/`, inFolders),
      "parquet in folders": mr.read.parquet(`${output}/folders/parquet/shop=*/part-*`, inFolders),
      "arrow in folders": mr.read.arrow(`${output}/folders/arrow/**/*.arrow`, inFolders),
    };
    const found: Record<string, unknown> = {};
    for (const [name, dataset] of Object.entries(read)) {
      const same = await dataset.intersect(sales).count();
      found[name] = { rows: await dataset.count(), same };
    }
    const text = mr.read.text(`${output}/text/*/*`);
    const distinct = await text.distinct().count();
    found.text = { rows: await text.count(), distinct };
    found.cut = [
      await mr.read.text(`${output}/cut/text`).count(),
      await mr.read.csv(`${output}/cut/csv`, { schema: schema({ n: int53 }) }).count(),
      await mr.read.parquet(`${output}/cut/parquet`).count(),
    ];
    return { files, found };
  },
});
