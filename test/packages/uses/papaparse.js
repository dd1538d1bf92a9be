import Papa from "papaparse";

const csv = 'name,kg,note\r\n"Boskoop, red",12.5,"says ""tart"""\r\nElstar,7,\r\n"two\nlines",0,ü\r\n';

export default function use() {
  const { data, meta } = Papa.parse(csv, { header: true, dynamicTyping: true, skipEmptyLines: true });
  return {
    data,
    fields: meta.fields,
    guessed: Papa.parse("a;b\n1;2").meta.delimiter,
    back: Papa.unparse(data),
  };
}
