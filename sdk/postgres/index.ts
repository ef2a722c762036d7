// `millrace/postgres`: tables and queries of PostgreSQL as source and sink. Built on what any other could be built on.

export type { PostgresConnection } from "./connect.ts";
export { type PostgresSinkOptions, postgresSink } from "./sink.ts";
export { type PostgresSourceOptions, postgresSource } from "./source.ts";
