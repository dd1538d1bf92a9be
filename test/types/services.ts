// Checked by the compiler alone, three times: with the types of `tenon/globals`, of Node and of browsers.
import type { Fetch, Signal, ToolContext } from "tenon";

type IsNever<T> = [T] extends [never] ? true : false;

/** An error where the project's globals were not found. */
export const found: { fetch: IsNever<Fetch>; signal: IsNever<Signal> } = { fetch: false, signal: false };

/** `ctx.http.fetch` and `ctx.signal` go together with the globals. */
export async function load(ctx: ToolContext, url: URL): Promise<string> {
  const either: Fetch[] = [fetch, ctx.http.fetch];
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(1000)]);
  const request = new Request(url, { method: "POST", body: new URLSearchParams({ a: "b" }), signal });
  request.headers.set("x-digest", await digest(url.href));
  const response: Response = await either[0]!(request, { redirect: "manual" });
  if (!response.ok || ctx.signal.aborted) ctx.signal.throwIfAborted();
  setTimeout(() => console.log(structuredClone(response.status)), 10);
  return response.text();
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(new TextDecoder().decode(bytes));
}

/** What the types refuse. */
export async function wrong(ctx: ToolContext): Promise<void> {
  // @ts-expect-error -- a status is a number
  const status: string = (await ctx.http.fetch("https://a.example/")).status;
  // @ts-expect-error -- there is no such service
  await ctx.files.get(status);
}
