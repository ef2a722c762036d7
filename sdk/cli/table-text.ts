// Rows of cells as aligned lines of text.

/** Columns padded to their widest cell; the last one is not padded. */
export function tableText(rows: readonly (readonly string[])[], indent = "  "): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${indent}${cells.join("  ").trimEnd()}\n`;
  });
  return lines.join("");
}
