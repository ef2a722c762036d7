// The eight tables of TPC-H, as its specification types them.

import {
  type Dataset,
  date,
  decimal,
  int32,
  int64,
  lit,
  type Millrace,
  type RowOf,
  schema,
  utf8,
} from "millrace";

const money = decimal(15, 2);

const schemas = {
  lineitem: schema({
    l_orderkey: int64,
    l_partkey: int64,
    l_suppkey: int64,
    l_linenumber: int32,
    l_quantity: money,
    l_extendedprice: money,
    l_discount: money,
    l_tax: money,
    l_returnflag: utf8,
    l_linestatus: utf8,
    l_shipdate: date,
    l_commitdate: date,
    l_receiptdate: date,
    l_shipinstruct: utf8,
    l_shipmode: utf8,
    l_comment: utf8,
  }),
  orders: schema({
    o_orderkey: int64,
    o_custkey: int64,
    o_orderstatus: utf8,
    o_totalprice: money,
    o_orderdate: date,
    o_orderpriority: utf8,
    o_clerk: utf8,
    o_shippriority: int32,
    o_comment: utf8,
  }),
  customer: schema({
    c_custkey: int64,
    c_name: utf8,
    c_address: utf8,
    c_nationkey: int64,
    c_phone: utf8,
    c_acctbal: money,
    c_mktsegment: utf8,
    c_comment: utf8,
  }),
  part: schema({
    p_partkey: int64,
    p_name: utf8,
    p_mfgr: utf8,
    p_brand: utf8,
    p_type: utf8,
    p_size: int32,
    p_container: utf8,
    p_retailprice: money,
    p_comment: utf8,
  }),
  partsupp: schema({
    ps_partkey: int64,
    ps_suppkey: int64,
    ps_availqty: int32,
    ps_supplycost: money,
    ps_comment: utf8,
  }),
  supplier: schema({
    s_suppkey: int64,
    s_name: utf8,
    s_address: utf8,
    s_nationkey: int64,
    s_phone: utf8,
    s_acctbal: money,
    s_comment: utf8,
  }),
  nation: schema({ n_nationkey: int64, n_name: utf8, n_regionkey: int64, n_comment: utf8 }),
  region: schema({ r_regionkey: int64, r_name: utf8, r_comment: utf8 }),
};

type Schemas = typeof schemas;
export type TableName = keyof Schemas;
export type Tables = { readonly [Name in TableName]: Dataset<RowOf<Schemas[Name]>> };

/** `folder` holds `lineitem.parquet` and its like. */
export function openTables(mr: Millrace, folder: string): Tables {
  const open = <Name extends TableName>(name: Name): Tables[Name] => {
    const read = mr.read.parquet(`${folder}/${name}.parquet`, { schema: schemas[name] as never });
    return read as unknown as Tables[Name];
  };
  return {
    lineitem: open("lineitem"),
    orders: open("orders"),
    customer: open("customer"),
    part: open("part"),
    partsupp: open("partsupp"),
    supplier: open("supplier"),
    nation: open("nation"),
    region: open("region"),
  };
}

export const day = (text: string): Date => new Date(text);
/** An exact amount. */
export const amount = (text: string) => lit(text, money);
export const one = lit("1", money);
