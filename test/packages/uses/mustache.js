import Mustache from "mustache";

const template =
  "{{#people}}{{> person}}{{/people}}{{^people}}nobody{{/people}} {{{raw}}} {{raw}} {{=<% %>=}}<% total %>";

export default function use() {
  const view = { people: [{ name: "Ada" }, { name: "Grace" }], raw: "<b>&</b>", total: () => 2 };
  return {
    text: Mustache.render(template, view, { person: "[{{name}}]" }),
    names: Mustache.parse("{{a}} b").length,
  };
}
