/** Texts that are JSON values (RFC 8259), each for a reason of its own. */
export const VALID: readonly string[] = [
  ["0", "-0", "-1", "1.5", "1e5", "1E+5", "1e-5", "-0.0e-0", "123456789012345678901234567890"],
  ["1e400", "-1e400", "1e-400", "0.1e1", "9007199254740993"],
  ["true", "false", "null", '""', "[]", "{}", "[[]]", '{"":""}'],
  [" 1", "1 ", "\t1", "[1 ,2]", "[\n1\r\n]", '{"a" : 1}', "\r\n{}\t"],
  ['"\\""', '"\\\\"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"\\u0000"', '"\\u00e9"', '"\\uD83D\\ude00"'],
  // Halves of surrogate pairs are valid as escapes (section 8.2), though no UTF-8 holds them.
  ['"\\ud800"', '"\\udc00\\ud800"', '"\\ud800x"'],
  ['"\u00e9"', '"\u{1f600}"', '"\u007f"', '"\u2028\u2029"', '"\ufeff"', '"\uffff"', '"/*x*/"', '"//"'],
  ['{"a":{"a":1}}', '[{"a":1},{"a":2}]', '{"a":1,"A":2}', '{"\\u0061b":1,"a":2}', '{"constructor":1}'],
  ['{"a":"}"}', '{"a":"\\\\"}', '["]","["]', '{"toString":null,"hasOwnProperty":0}'],
].flat();

/** Texts that are no JSON values, each for a reason of its own. */
export const INVALID: readonly string[] = [
  ["", " ", "+1", "01", "-01", "1.", ".5", "-", "1e", "1e+", "0x1F", "1_000", "--1", "1 2", "1,", "- 1"],
  ["NaN", "Infinity", "-Infinity", "undefined", "True", "nul", "nulls", "None", "truefalse"],
  ["'a'", '"', '"a', 'a"', '"\\"', '"\\x41"', '"\\u12"', '"\\u12G4"', '"\\U0041"', '"\\a"', '"\\0"', '"\\'],
  ['"\n"', '"\r"', '"\t"', '"\u0000"', '"\u001f"', '"a" "b"', '""""'],
  ["[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1:2]", "[}", "[1}", "[[]", "[]]"],
  [
    "{",
    "}",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    "{,}",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
  ],
  ['{"a" 1}', '{"a",1}', '{"a"::1}', '{"a":1:2}', '{"a":1 "b":2}', '{"a":}', "{:1}", "{[]:1}", "{]", "{}}"],
  ["/**/1", "1//", "1#", "(1)", "[1]/**/", "\u00a01", "\u20281", "\ufeff1", "\u000b1", "\u00001", "1\u0000"],
  ["`a`", "a", "<x/>", "@", "=1", "1;", "[1;2]", "\\u0031", "\u2014", "\uff11"],
].flat();

/** Contents of a message that are no text in UTF-8 (RFC 3629), or start with a byte order mark, as bytes of a string. */
export const BYTES: Readonly<Record<string, readonly number[]>> = {
  "a lone continuation byte": [0x80],
  "a sequence cut short": [0xe2, 0x82],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong zero": [0xe0, 0x80, 0x80],
  "half a surrogate pair": [0xed, 0xa0, 0x80],
  "a whole surrogate pair": [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  "beyond Unicode": [0xf4, 0x90, 0x80, 0x80],
  "a byte UTF-8 never has": [0xff],
  "five bytes": [0xf8, 0x88, 0x80, 0x80, 0x80],
  "Latin-1": [0xe9],
};
