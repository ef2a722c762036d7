// Which nodes of a simulated network nothing passes between.

export interface Cuts {
  /** Nobody reaches it, and it reaches nobody. False where that was so. */
  cut(name: string): boolean;
  /** Nothing passes from one to the other; the way back stays open. False where that was so. */
  cutWay(from: string, to: string): boolean;
  /** No request reaches it; what it asks itself is answered. False where that was so. */
  shut(name: string): boolean;
  healAll(): void;
  /** Whether nothing passes from one to the other. */
  areApart(from: string, to: string): boolean;
  /** Whether a request passes from one to the other. */
  reaches(from: string, to: string): boolean;
}

/** All pass, to begin with. */
export function createCuts(): Cuts {
  const apart = new Set<string>();
  const closed = new Set<string>();
  /** By sender, those whom nothing of it reaches. */
  const ways = new Map<string, Set<string>>();

  function addTo(names: Set<string>, name: string): boolean {
    const isNew = !names.has(name);
    names.add(name);
    return isNew;
  }

  function areApart(from: string, to: string): boolean {
    if (from === to || apart.size + ways.size === 0) return false;
    return apart.has(from) || apart.has(to) || ways.get(from)?.has(to) === true;
  }

  return {
    cut: (name) => addTo(apart, name),
    cutWay: (from, to) => {
      const cut = ways.get(from) ?? new Set();
      ways.set(from, cut);
      return from !== to && addTo(cut, to);
    },
    shut: (name) => addTo(closed, name),
    healAll: () => {
      apart.clear();
      closed.clear();
      ways.clear();
    },
    areApart,
    reaches: (from, to) => !areApart(from, to) && (from === to || !closed.has(to)),
  };
}
