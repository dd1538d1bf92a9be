import jsTokens from "js-tokens";

const code = "const a = /re[/]x/g.test(`t${b}`) ? 0x1F : 'é'; // end\nclass X { #p = 1n }";

export default function use() {
  return Array.from(jsTokens(code), ({ type, value }) => `${type} ${value}`);
}
