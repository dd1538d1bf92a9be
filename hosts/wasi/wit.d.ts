// The interfaces every adapter uses, as QuickJS presents them: a failed `result` is thrown, `option` is the value or null.

declare module "tenon:adapter/call@0.1.0" {
  export function finish(): void;
}

declare module "tenon:adapter/settings@0.1.0" {
  export function get(): string;
}

declare module "tenon:adapter/state-key@0.1.0" {
  export function get(): string | null;
}

declare module "tenon:mcp/catalog@0.1.0" {
  export function get(kind: string, name: string): string | null;
}

declare module "tenon:mcp/handler@0.1.0" {
  interface RpcError {
    code: number;
    message: string;
    data: string | null;
  }

  export type Outcome =
    | { tag: "success"; val: string }
    | { tag: "failure"; val: RpcError }
    | { tag: "refused"; val: { status: number; headers: [string, string][]; error: RpcError } }
    | { tag: "input-required"; val: { requests: string; state: string | null } }
    | { tag: "accepted" };

  export function handle(
    context: string,
    request: {
      id: string | undefined;
      method: string;
      target: string | undefined;
      params: string | undefined;
    },
  ): Outcome;
}
