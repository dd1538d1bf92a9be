/** When a part is given a rest. */
export interface CircuitLimits {
  /** Failures in a row that open a circuit. */
  failures: number;
  /** Time until the first probe, in milliseconds. It doubles with each probe that fails, up to 60,000. */
  restMs: number;
}

/** How a call of a part ended: `unknown` says nothing of the part, such as a call that its client cancelled. */
export type CallEnd = "good" | "failed" | "unknown";

/** What became of a circuit when a call ended. */
export type CircuitChange = { state: "open"; forMs: number } | { state: "closed" };

/** Circuits by the name of a part. While one is open its part gets no calls, but for a probe after some time. */
export interface Circuits {
  /** True while the last call of the part that said anything of it was good. */
  isSound(part: string): boolean;
  /** Milliseconds until calls of the part are worth trying again; nothing when one may be made now. */
  refuses(part: string): number | undefined;
  /** Says that a call of the part starts, of which {@link Circuits.refuses} gave nothing. True when it is a probe. */
  begin(part: string): boolean;
  /** Says how a call ended. */
  end(part: string, how: CallEnd, isProbe: boolean): CircuitChange | undefined;
  /** The parts whose circuits are not closed: `half-open` while a probe may be made or runs. */
  states(): { part: string; state: "open" | "half-open" }[];
}

interface Circuit {
  failures: number;
  openMs: number;
  /** Absent while the circuit is closed. */
  openUntil: number | undefined;
  probing: boolean;
}

const MAX_OPEN_MS = 60_000;

/**
 * Creates circuits. Names of parts are to come from the manifest: there are as many circuits as names.
 *
 * @param now Milliseconds of a clock that only goes forward.
 */
export function createCircuits(limits: CircuitLimits, now: () => number): Circuits {
  /** Of parts whose last call failed. */
  const circuits = new Map<string, Circuit>();

  return {
    isSound: (part) => !circuits.has(part),
    refuses(part) {
      const circuit = circuits.get(part);
      if (circuit?.openUntil === undefined) return undefined;
      const leftMs = circuit.openUntil - now();
      if (leftMs > 0) return leftMs;
      return circuit.probing ? circuit.openMs : undefined;
    },
    begin(part) {
      const circuit = circuits.get(part);
      if (circuit?.openUntil === undefined) return false;
      circuit.probing = true;
      return true;
    },
    end(part, how, isProbe) {
      const circuit = circuits.get(part) ?? {
        failures: 0,
        openMs: limits.restMs,
        openUntil: undefined,
        probing: false,
      };
      if (isProbe) circuit.probing = false;
      // Calls that began before it opened say nothing of what comes after.
      else if (circuit.openUntil !== undefined) return undefined;
      if (how === "unknown") return undefined;
      if (how === "good") {
        circuits.delete(part);
        return isProbe ? { state: "closed" } : undefined;
      }
      circuits.set(part, circuit);
      circuit.failures++;
      if (isProbe) circuit.openMs = Math.min(circuit.openMs * 2, MAX_OPEN_MS);
      else if (circuit.failures < limits.failures) return undefined;
      circuit.openUntil = now() + circuit.openMs;
      return { state: "open", forMs: circuit.openMs };
    },
    states() {
      return [...circuits].flatMap(([part, { openUntil }]) =>
        openUntil === undefined ? [] : [{ part, state: openUntil > now() ? "open" : "half-open" }],
      );
    },
  };
}
