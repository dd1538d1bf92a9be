import { customAlphabet, nanoid } from "nanoid";

export default function use() {
  const ids = Array.from({ length: 200 }, () => nanoid());
  return {
    distinct: new Set(ids).size,
    shaped: ids.every((id) => /^[\w-]{21}$/.test(id)),
    custom: /^[abc]{10}$/.test(customAlphabet("abc", 10)()),
  };
}
