// esbuild turns an `async` function into a generator and a call of a helper, which runs it by callbacks of `then`. The runtime
// of components has a cheaper way, so the helper is made to call that.

/** The helper of esbuild 0.25 to 0.28 without spaces; each capital stands for a name. */
const HELPER =
  "A=(B,C,D)=>new Promise((E,F)=>{var G=H=>{try{I(D.next(H))}catch(J){F(J)}},K=L=>{try{I(D.throw(L))}catch(M){F(M)}},I=N=>N.done?E(N.value):Promise.resolve(N.value).then(G,K);I((D=D.apply(B,C)).next())})";

/** The same in code, whatever its names are. */
const PATTERN = new RegExp(
  HELPER.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll(
    /\b[A-Z]\b/g,
    (name, at: number, all: string) =>
      all.search(new RegExp(String.raw`\b${name}\b`)) === at
        ? String.raw`(?<${name}>[\w$]+)`
        : String.raw`\k<${name}>`,
  ),
);

/**
 * Code for the guest runtime whose `async` functions are run by it, from `src/guest/install.ts`. Every place in the code stays
 * where it is, so that a source map still fits.
 */
export function withRuntimeAsync(code: string): string {
  return code.replace(PATTERN, (helper, name: string, self: string, args: string, body: string) =>
    `${name}=(${self},${args},${body})=>$tenonRunAsync(${body}.apply(${self},${args}))`.padEnd(helper.length),
  );
}
