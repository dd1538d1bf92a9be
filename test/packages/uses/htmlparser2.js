import { DomUtils, Parser, parseDocument } from "htmlparser2";

const html = `<!doctype html><title>A &amp; B &eacute; &#x1F34E;</title>
<body><p class=x>one<p>two <b>bold</b><script>if (a < b) "<p>";</script>
<ul><li>1<li>2</ul><a href="/x?a=1&amp;b=2">link</a><!-- no --></body>`;

export default function use() {
  const document = parseDocument(html);
  const events = [];
  const parser = new Parser({
    onopentag: (name) => events.push(name),
    ontext: (text) => events.push(text.length),
  });
  for (let at = 0; at < html.length; at += 7) parser.write(html.slice(at, at + 7));
  parser.end();
  return {
    title: DomUtils.textContent(DomUtils.getElementsByTagName("title", document)),
    links: DomUtils.getElementsByTagName("a", document).map(({ attribs }) => attribs.href),
    paragraphs: DomUtils.getElementsByTagName("p", document).length,
    written: DomUtils.getOuterHTML(document),
    tags: events.filter((event) => typeof event === "string"),
  };
}
