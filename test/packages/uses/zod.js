import * as z from "zod";

const schema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("mail"), to: z.email(), at: z.iso.datetime() }),
  z.object({
    kind: z.literal("call"),
    number: z
      .string()
      .regex(/^\+\d+$/)
      .transform((text) => Number(text)),
  }),
]);

export default function use() {
  return [
    { kind: "mail", to: "ada@example.com", at: "2026-01-01T00:00:00Z" },
    { kind: "call", number: "+49123" },
    { kind: "call", number: "x" },
    { kind: "post" },
  ].map((value) => {
    const { data, error } = schema.safeParse(value);
    return data ?? error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  });
}
