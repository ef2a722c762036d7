// Which columns of the steps of a plan stay where files hold them, told before there are stages: what is joined in place
// need not be counted first. A wrong guess costs time alone, since stages look for themselves.

import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import type { PlanSizes } from "./estimate.ts";
import { mayKeep, type Side } from "./join-stages.ts";
import { clusteredIn, type PlanInputs } from "./plan-inputs.ts";
import { type Place, placeOf } from "./together.ts";

/** Places of columns by their names. */
type Columns = ReadonlyMap<string, Place>;

const none: Columns = new Map();

export class Places {
  readonly #inputs: PlanInputs;
  readonly #sizes: PlanSizes;
  readonly #broadcastBytes: number;
  readonly #known = new Map<LogicalNode, Columns>();

  constructor(inputs: PlanInputs, sizes: PlanSizes, broadcastBytes: number) {
    this.#inputs = inputs;
    this.#sizes = sizes;
    this.#broadcastBytes = broadcastBytes;
  }

  /** To be asked for nodes from the sources up, since a plan may be deeper than calls can nest. */
  of(node: LogicalNode): Columns {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const columns = this.#columnsOf(node);
    this.#known.set(node, columns);
    return columns;
  }

  /** Whether rows of both sides with equal keys lie in tasks of one number. */
  areShared({ on, left, right, strategy }: JoinNode): boolean {
    if (strategy !== undefined) return false;
    const [ofLeft, ofRight] = [this.of(left), this.of(right)];
    return on.some((key) => {
      if (key.left.kind !== "column" || key.right.kind !== "column") return false;
      const place = ofLeft.get(key.left.name);
      return place !== undefined && place === ofRight.get(key.right.name);
    });
  }

  #columnsOf(node: LogicalNode): Columns {
    switch (node.kind) {
      case "readColumns":
        return new Map(
          clusteredIn(this.#inputs, node).map((name) => [name, placeOf(node, name)] as const),
        );
      case "where":
      case "filter":
      case "sample":
      case "window":
      case "cache":
        return this.of(node.input);
      case "select":
        return this.#renamed(node.input, node.columns);
      case "aggregate":
        return this.#renamed(node.input, node.keys);
      case "join":
        return this.#columnsOfJoin(node);
      default:
        return none;
    }
  }

  #renamed(
    input: LogicalNode,
    columns: Extract<LogicalNode, { readonly kind: "select" }>["columns"],
  ): Columns {
    const before = this.of(input);
    return new Map(
      columns.flatMap(({ name, expr }) => {
        const place = expr.kind === "column" ? before.get(expr.name) : undefined;
        return place === undefined ? [] : [[name, place] as const];
      }),
    );
  }

  #columnsOfJoin(node: JoinNode): Columns {
    const { type, left, right, rightNames } = node;
    if (this.areShared(node)) return type === "right" || type === "full" ? none : this.of(left);
    const whole = this.#sentWhole(node);
    if (whole === "right") return this.of(left);
    if (whole === undefined || rightNames.length > 0) return none;
    return type === "inner" || type === "right" ? this.of(right) : none;
  }

  #sentWhole(node: JoinNode): Side | undefined {
    if (node.strategy === "broadcast") return "right";
    if (node.strategy === "broadcastLeft") return "left";
    const most = (side: Side) => this.#sizes.of(node[side]).most;
    const [small] = (["right", "left"] as const)
      .filter((side) => mayKeep(node, side) && most(side) <= this.#broadcastBytes)
      .sort((a, b) => most(a) - most(b));
    return node.strategy === "shuffle" ? undefined : small;
  }
}
