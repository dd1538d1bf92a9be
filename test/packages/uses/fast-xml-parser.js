import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";

const xml = `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Näws &amp; more</title>
<entry id="1"><updated>2026-01-01</updated><n>007</n></entry><entry id="2"><![CDATA[<raw>]]></entry></feed>`;

export default function use() {
  const options = { ignoreAttributes: false, attributeNamePrefix: "@" };
  const parsed = new XMLParser(options).parse(xml);
  return {
    parsed,
    built: new XMLBuilder({ ...options, format: true }).build(parsed),
    valid: XMLValidator.validate(xml),
    invalid: XMLValidator.validate("<a><b></a>").err?.code,
  };
}
