import type { StaticMemory } from "./core-text.ts";

/** Longest URI that is held against templates, in bytes. */
const MAX_URI = 8192;

/** A template as a router sees it: texts, and between each two of them an expression that may hold anything. */
export interface TemplatePattern {
  /** One more than there are expressions. */
  literals: string[];
  /** True for each expression that may be empty, which is every one with an operator other than `+`. */
  optional: boolean[];
}

/** Reads an RFC 6570 template. Braces that do not match are text. */
export function templatePattern(template: string): TemplatePattern {
  const pieces = template.split(/\{([^{}]*)\}/);
  return {
    literals: pieces.filter((_, i) => i % 2 === 0),
    optional: pieces.filter((_, i) => i % 2 === 1).map((expression) => /^[#./;?&]/.test(expression)),
  };
}

/** Number of characters that stand in a template as they are. */
function literalLength({ literals }: TemplatePattern): number {
  return literals.reduce((sum, literal) => sum + literal.length, 0);
}

/** Templates in the order in which a URI is held against them: those with more fixed text first. */
export function inTriedOrder<Template extends { manifest: { uriTemplate: string } }>(
  templates: readonly Template[],
): Template[] {
  const lengthOf = ({ manifest }: Template): number => literalLength(templatePattern(manifest.uriTemplate));
  return [...templates].sort((a, b) => lengthOf(b) - lengthOf(a));
}

/** Equal for templates that match the same URIs, whatever their variables are called. */
export function shapeOf({ literals, optional }: TemplatePattern): string {
  return literals
    .map((literal, i) => `${literal}${i < optional.length ? `{${optional[i] ? "?" : ""}}` : ""}`)
    .join("");
}

/**
 * Places a table for `$match`, in the order the templates are tried: a row holds where the pieces are, how many there
 * are, and the number of the template's owner. A piece is a text's address and length and how much must stand before it.
 */
export function templateTable(
  memory: StaticMemory,
  templates: readonly { pattern: TemplatePattern; owner: number }[],
): number {
  const rows = templates.flatMap(({ pattern: { literals, optional }, owner }) => {
    const pieces = literals.flatMap((literal, i) => {
      const { at, length } = memory.text(literal);
      return [at, length, i === 0 || optional[i - 1] ? 0 : 1];
    });
    return [memory.words(pieces), literals.length, owner];
  });
  return memory.words(rows);
}

/**
 * The text of `$match`: the owner of the first template that matches a URI, or -1. Each text is looked for from where the
 * one before it ended; the first occurrence will do, because what stands between may be anything. Needs `$equal`.
 */
export const MATCH = `
  (func $match (param $row i32) (param $rows i32) (param $at i32) (param $length i32) (result i32)
    (if (i32.gt_u (local.get $length) (i32.const ${MAX_URI})) (then (return (i32.const -1))))
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const -1))))
      (if (call $fits (i32.load (local.get $row)) (i32.load offset=4 (local.get $row))
                      (local.get $at) (i32.add (local.get $at) (local.get $length)))
        (then (return (i32.load offset=8 (local.get $row)))))
      (local.set $row (i32.add (local.get $row) (i32.const 12)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)
  (func $fits (param $piece i32) (param $pieces i32) (param $at i32) (param $end i32) (result i32)
    (local $length i32) (local $first i32)
    (local.set $first (i32.const 1))
    (loop $next
      (local.set $length (i32.load offset=4 (local.get $piece)))
      (local.set $at (i32.add (local.get $at) (i32.load offset=8 (local.get $piece))))
      (if (i32.gt_u (i32.add (local.get $at) (local.get $length)) (local.get $end)) (then (return (i32.const 0))))
      ;; the last piece ends the URI, unless it is the first as well and has to begin it
      (if (i32.and (i32.eq (local.get $pieces) (i32.const 1)) (i32.eqz (local.get $first)))
        (then (local.set $at (i32.sub (local.get $end) (local.get $length)))))
      (block $found
        (loop $search
          (br_if $found (call $equal (local.get $at) (i32.load (local.get $piece)) (local.get $length)))
          (if (i32.or (local.get $first) (i32.ge_u (i32.add (local.get $at) (local.get $length)) (local.get $end)))
            (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $search)))
      (local.set $at (i32.add (local.get $at) (local.get $length)))
      (local.set $first (i32.const 0))
      (local.set $piece (i32.add (local.get $piece) (i32.const 12)))
      (local.set $pieces (i32.sub (local.get $pieces) (i32.const 1)))
      (br_if $next (local.get $pieces)))
    (i32.eq (local.get $at) (local.get $end)))`;
