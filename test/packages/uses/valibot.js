import * as v from "valibot";

const schema = v.object({
  name: v.pipe(v.string(), v.trim(), v.minLength(2)),
  email: v.pipe(v.string(), v.email()),
  tags: v.optional(v.array(v.picklist(["red", "green"])), []),
  born: v.pipe(v.string(), v.isoDate()),
});

export default function use() {
  const good = v.safeParse(schema, { name: " Ada ", email: "ada@example.com", born: "1815-12-10" });
  const bad = v.safeParse(schema, { name: "x", email: "no", tags: ["blue"], born: "1815-13-10" });
  return { good: good.output, bad: v.flatten(bad.issues) };
}
