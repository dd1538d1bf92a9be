/** Where `provider()` and `defineMiddleware()` leave their mark, the same for every copy of this module. */
const KIND: unique symbol = Symbol.for("tenon.definition");

/** A marked definition, as the build finds it. */
export interface Marked<Kind extends string> {
  readonly [KIND]: Kind;
}

/** The definition with its mark, frozen. */
export function mark<Kind extends string, Definition extends object>(
  kind: Kind,
  definition: Definition,
): Readonly<Definition> & Marked<Kind> {
  return Object.freeze({ ...definition, [KIND]: kind });
}

/** Which function made a value; nothing when none did. */
export function kindOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? (value as Partial<Marked<string>>)[KIND] : undefined;
}
