const kept: object[] = [];

/**
 * Keeps the engine from forgetting how an object is laid out, and all that it is until it has its last member.
 *
 * Objects with the same members in the same order share a description, which is forgotten with the last of them. A call lets go of all
 * that it made, so each call would make the descriptions anew, one for each member of each object.
 */
export function keepShape(sample: object): void {
  const names = Object.keys(sample);
  for (let count = 0; count <= names.length; count++) {
    const object = Object.create(Object.getPrototypeOf(sample) as object) as Record<string, unknown>;
    for (const name of names.slice(0, count)) object[name] = undefined;
    kept.push(object);
  }
}
