// The interfaces every adapter uses, as QuickJS presents them: a failed `result` is thrown, `option` is the value or null.

declare module "tenon:adapter/call@0.1.0" {
  export function begin(authorization: string | undefined): void;
  export function finish(): void;
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
