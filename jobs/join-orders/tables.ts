// The tables of a shop, as it exports them.

import { date, decimal, int32, int64, schema, utf8 } from "millrace";

export const customerColumns = schema({ customer: int32, country: utf8.nullable() });
export const orderColumns = schema({ order: int64, customer: int32, day: date });
export const itemColumns = schema({ order: int64, product: utf8, quantity: int64 });
export const productColumns = schema({
  product: utf8,
  category: utf8,
  price: decimal(10, 2),
});
