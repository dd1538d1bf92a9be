import {
  camelCase,
  chunk,
  cloneDeep,
  debounce,
  get,
  groupBy,
  isEqual,
  merge,
  orderBy,
  template,
  uniqBy,
} from "lodash-es";

const list = [
  { a: { b: 2 }, k: "x" },
  { a: { b: 1 }, k: "y" },
  { a: { b: 3 }, k: "x" },
];

export default function use() {
  return {
    grouped: groupBy(list, "k"),
    ordered: orderBy(list, ["k", "a.b"], ["desc", "asc"]),
    merged: merge({ a: [1, { b: 2 }] }, { a: [undefined, { c: 3 }] }),
    cloned: isEqual(cloneDeep(new Map([[1, new Date(0)]])), new Map([[1, new Date(0)]])),
    got: get(list, "[2].a.b"),
    chunked: chunk([1, 2, 3], 2),
    unique: uniqBy(list, "k").length,
    camel: camelCase("Füße des-Berges"),
    template: template("<% for (const x of list) { %>[<%- x %>]<% } %>")({ list: ["<", "b"] }),
    debounced: typeof debounce(() => {}, 1),
  };
}
