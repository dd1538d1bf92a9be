import jmespath from "jmespath";

const data = {
  people: [
    { name: "Ada", age: 36, tags: ["math"] },
    { name: "Grace", age: 85, tags: ["navy", "code"] },
    { name: "Alan", age: 41, tags: [] },
  ],
};

export default function use() {
  const queries = [
    "people[?age > `40`].name",
    "sort_by(people, &age)[*].{n: name, t: length(tags)}",
    "max_by(people, &age).tags | [0]",
    "people[].tags[]",
  ];
  return queries.map((query) => jmespath.search(data, query));
}
