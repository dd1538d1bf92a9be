import type { CoreManifest } from "../../manifest/index.ts";
import type { GrantedValue } from "../granted-values.ts";

/** The version bundles are tested with. */
const WASMTIME = "48.0.8";

/**
 * The recipe of a container that serves a bundle. In a container the loopback interface is its own, so that it listens on
 * every address there, and what is reachable is decided where it is run.
 */
export function containerfile({ name }: CoreManifest, values: readonly GrantedValue[]): string {
  const variables = values.map(({ variable }) => ` -e ${variable}`).join("");
  return `# Pulls debian:12-slim from Docker Hub, curl and xz from Debian, and wasmtime ${WASMTIME} from its releases on GitHub.
#
#   podman build -t ${name} .
#   podman run --rm --read-only --cap-drop=all -p 127.0.0.1:3000:3000${variables} ${name}
FROM docker.io/library/debian:12-slim AS runtime
ARG WASMTIME=${WASMTIME}
RUN apt-get update \\
 && apt-get install -y --no-install-recommends ca-certificates curl xz-utils \\
 && release="wasmtime-v$WASMTIME-$(uname -m)-linux" \\
 && curl -fsSL "https://github.com/bytecodealliance/wasmtime/releases/download/v$WASMTIME/$release.tar.xz" \\
  | tar -xJ --strip-components=1 -C /usr/local/bin "$release/wasmtime"

FROM docker.io/library/debian:12-slim
COPY --from=runtime /usr/local/bin/wasmtime /usr/local/bin/wasmtime
COPY --from=runtime /etc/ssl/certs /etc/ssl/certs
COPY --chmod=0444 server.wasm /srv/server.wasm
COPY --chmod=0555 run.sh /srv/run.sh
USER 65534:65534
ENV TENON_ADDR=0.0.0.0:3000
EXPOSE 3000
ENTRYPOINT ["/srv/run.sh"]
`;
}
