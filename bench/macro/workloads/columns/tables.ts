// The tables: facts of ten million rows, a dimension of a million, and doubles to sort.

import { float64, int32, schema } from "millrace";

export const factColumns = schema({ key: int32, group: int32, value: float64, weight: float64 });
export const dimensionColumns = schema({ key: int32, factor: float64 });
export const doubleColumns = schema({ number: float64 });
