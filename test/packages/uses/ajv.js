import { Ajv2020 } from "ajv/dist/2020.js";

const schema = {
  type: "object",
  properties: {
    name: { type: "string", pattern: "^\\p{Lu}" },
    n: { type: "integer", minimum: 1 },
    list: { prefixItems: [{ const: 1 }], minItems: 1, items: false },
  },
  required: ["name"],
  additionalProperties: false,
};

export default function use() {
  const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(schema);
  return [{ name: "Ähre", n: 2, list: [1] }, { n: 0, x: 1 }, { name: "a", list: [1, 2] }, 5].map((value) => [
    validate(value),
    (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
  ]);
}
