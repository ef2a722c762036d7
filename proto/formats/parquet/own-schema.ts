// What Parquet cannot say of our types, kept beside its own schema: whether whole numbers are safe as
// JavaScript numbers, and whether a text is a JSON value of a row.

import type { DataType, Field } from "../../plan/types.ts";

export const schemaKey = "millrace.schema";

/** The file's type, made more precise where what was declared is a meaning of the same values. */
function refined(found: DataType, declared: DataType | undefined): DataType {
  if (declared === undefined) return found;
  if (found.kind === "int64" && declared.kind === "int53") return declared;
  if (found.kind === "utf8" && declared.kind === "json") return declared;
  if (found.kind === "list" && declared.kind === "list") {
    return {
      ...found,
      item: { ...found.item, type: refined(found.item.type, declared.item.type) },
    };
  }
  if (found.kind === "struct" && declared.kind === "struct") {
    return { ...found, fields: refinedFields(found.fields, declared.fields) };
  }
  return found;
}

function refinedFields(found: readonly Field[], declared: readonly Field[]): readonly Field[] {
  return found.map((field) => {
    const own = declared.find(({ name }) => name === field.name);
    return { ...field, type: refined(field.type, own?.type) };
  });
}

/** `json`: as our writer stored it; another tool may have changed the columns since, or the text. */
export function withOwnTypes(found: readonly Field[], json: string | undefined): readonly Field[] {
  if (json === undefined) return found;
  try {
    return refinedFields(found, JSON.parse(json) as readonly Field[]);
  } catch {
    return found;
  }
}
