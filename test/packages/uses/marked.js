import { marked, Marked } from "marked";

const page = `# Harvest 2026

Apples, **pears** and _quinces_; see [the list](https://example.com/list?a=1&b=2 "All of it").

| fruit | kg |
| :--- | ---: |
| apple | 120.5 |
| \`pear\` | 80 |

1. wash
2. press
   - *slowly*

> cider \\
> & perry

\`\`\`js
const kg = 1 < 2;
\`\`\`

- [x] done
- [ ] open <em>soon</em> ~~never~~
`;

export default function use() {
  const shouting = new Marked({
    renderer: { heading: ({ text, depth }) => `<h${depth}>${text.toUpperCase()}</h${depth}>\n` },
  });
  return {
    html: marked.parse(page),
    tokens: marked.lexer(page).map(({ type }) => type),
    shouted: shouting.parse("# ä"),
  };
}
