// Types of joins: which keys fit, which names clash, and what rows come out.

import type { JoinType } from "../../proto/plan/logical.ts";
import type { Columns, RecordOf } from "../columns/column-for.ts";
import type { Expression } from "../columns/expression.ts";
import type { Stored } from "./row-types.ts";

/** How two datasets are joined. */
export interface JoinOptions<Type extends JoinType, Names> {
  /** Which rows are kept; those that match (`"inner"`) unless told. */
  readonly type?: Type;
  /** Other names for columns of the right dataset, by their names there. */
  readonly rename?: Names;
  /**
   * How the rows meet, where the engine should not choose by itself: `"broadcast"` sends the right dataset
   * whole to every task, `"shuffle"` sends rows of both by their keys.
   */
  readonly strategy?: "broadcast" | "shuffle";
}

/** Names that columns of both datasets have. */
export type CommonName<Left, Right> = keyof RecordOf<Left> & keyof RecordOf<Right> & string;

/** Editors complete the names; another one is refused with a text of its own. */
export type JoinName<Left, Right> = CommonName<Left, Right> | (string & Record<never, never>);

/** Of a condition, which names nothing, the compiler infers all names there are: it is one on any common columns. */
export type JoinedNames<Left, Right, Name> = string extends Name ? CommonName<Left, Right> : Name;

type IsOpen<T> = unknown extends T ? true : string extends keyof RecordOf<T> ? true : false;

type Kind<V> = unknown extends V
  ? "unknown"
  : [V] extends [boolean]
    ? "boolean"
    : [V] extends [number]
      ? "number"
      : [V] extends [bigint]
        ? "bigint"
        : [V] extends [string]
          ? "string"
          : [V] extends [Date]
            ? "Date"
            : "object";

type KindOf<T, Name> = Name extends keyof RecordOf<T>
  ? Kind<NonNullable<RecordOf<T>[Name]>>
  : "unknown";

/** Says of each name that it is not a column of both. */
type Missing<Left, Right, Name> = Name extends string
  ? Name extends CommonName<Left, Right>
    ? never
    : Name extends keyof RecordOf<Left>
      ? `the right dataset has no column '${Name}'`
      : Name extends keyof RecordOf<Right>
        ? `the left dataset has no column '${Name}'`
        : `neither dataset has a column '${Name}'`
  : never;

type Unlike<Left, Right, Name extends string> = Name extends string
  ? KindOf<Left, Name> extends KindOf<Right, Name>
    ? never
    : `the column '${Name}' is ${KindOf<Left, Name>} on the left and ${KindOf<Right, Name>} on the right`
  : never;

type Clash<Left, Right, Name extends string, Names> = Exclude<
  CommonName<Left, Right>,
  Name | keyof Names
>;

type ClashText<Names extends string> = Names extends string
  ? `both have a column '${Names}': rename the right one, as in { rename: { ${Names}: … } }`
  : never;

/** `unknown` where a join is in order, else a text that says why it is not. */
export type JoinProblem<Left, Right, Name extends string, Type extends JoinType, Names> =
  IsOpen<Left> extends true
    ? unknown
    : IsOpen<Right> extends true
      ? unknown
      : [Missing<Left, Right, Name>] extends [never]
        ? UnlikeOrClash<Left, Right, Name, Type, Names>
        : Missing<Left, Right, Name>;

/** What an editor offers where a name is not, or not yet, one of both; nothing where it is. */
export type OfferedNames<Left, Right, Name> = [Missing<Left, Right, Name>] extends [never]
  ? never
  : CommonName<Left, Right>;

type UnlikeOrClash<Left, Right, Name extends string, Type extends JoinType, Names> = [
  Unlike<Left, Right, Name>,
] extends [never]
  ? Type extends "semi" | "anti"
    ? unknown
    : [Clash<Left, Right, Name, Names>] extends [never]
      ? unknown
      : ClashText<Clash<Left, Right, Name, Names>>
  : Unlike<Left, Right, Name>;

type NewColumn<Row, Other> = Exclude<keyof RecordOf<Other>, keyof RecordOf<Row>> & string;

/** `unknown` where the other rows have no column that these lack, else a text that names it. */
export type OtherColumns<Row, Other> =
  IsOpen<Row> extends true
    ? unknown
    : [NewColumn<Row, Other>] extends [never]
      ? unknown
      : `the other dataset also has a column '${NewColumn<Row, Other>}': drop it, or add it to this one`;

/** Names of columns that are equal, or a condition over the columns of both. */
export type JoinOn<Left, Right, Name extends string> =
  | Name
  | readonly Name[]
  | ((left: Columns<Left>, right: Columns<Right>) => Expression<boolean | null>);

/** Columns of the right dataset in the result, under their new names. */
type RightColumns<Right, Name, Names> = {
  [Key in Exclude<keyof RecordOf<Right>, Exclude<Name, keyof Names>> as Key extends keyof Names
    ? Names[Key] & string
    : Key]: Stored<RecordOf<Right>[Key]>;
};

type OrNull<Yes, V> = Yes extends true ? V | null : V;

type MayMissLeft<Type> = Type extends "right" | "full" ? true : false;
type MayMissRight<Type> = Type extends "left" | "full" ? true : false;

type LeftValue<Left, Right, Name, Type, Key> = Key extends keyof RecordOf<Left>
  ? Key extends Name & keyof RecordOf<Right>
    ? MayMissLeft<Type> extends true
      ? Type extends "right"
        ? Stored<RecordOf<Right>[Key]>
        : Stored<RecordOf<Left>[Key]> | Stored<RecordOf<Right>[Key]>
      : Stored<RecordOf<Left>[Key]>
    : OrNull<MayMissLeft<Type>, Stored<RecordOf<Left>[Key]>>
  : never;

type BothColumns<Left, Right, Name, Type, Columns> = {
  readonly [Key in keyof RecordOf<Left> | keyof Columns]: Key extends keyof RecordOf<Left>
    ? LeftValue<Left, Right, Name, Type, Key>
    : Key extends keyof Columns
      ? OrNull<MayMissRight<Type>, Columns[Key]>
      : never;
};

/** The rows of a join. */
export type JoinRow<Left, Right, Name, Type extends JoinType, Names> = Type extends "semi" | "anti"
  ? Left
  : IsOpen<Left> extends true
    ? RecordOf<Left> & RecordOf<Right>
    : IsOpen<Right> extends true
      ? RecordOf<Left> & RecordOf<Right>
      : BothColumns<Left, Right, Name, Type, RightColumns<Right, Name, Names>>;
