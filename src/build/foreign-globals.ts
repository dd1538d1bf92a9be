// Globals that code written for Node or for browsers may use and the engine does not have by itself. `guest-globals.ts` says
// which of them the guest runtime supplies; what remains is missing.

/** Where code expects a global to be. A module that asks `typeof window` has thought of all of a browser. */
type Family = "node" | "browser" | "both";

interface Group {
  family: Family;
  names: string;
  /** What to use instead. */
  hint?: string;
}

const GROUPS: readonly Group[] = [
  {
    family: "node",
    names: "Buffer",
    hint: "Use Uint8Array: Uint8Array.fromBase64(text) and bytes.toBase64(), fromHex() and toHex(), TextEncoder for text",
  },
  {
    family: "node",
    names: "process",
    hint: "Settings come from ctx.config and secrets from ctx.secrets, time from performance.now()",
  },
  { family: "node", names: "require", hint: "Use import with the name of the module" },
  {
    family: "node",
    names: "__dirname __filename",
    hint: "Components have no files: import the data, or take it as an argument",
  },
  { family: "node", names: "setImmediate clearImmediate", hint: "Use queueMicrotask() or setTimeout(f, 0)" },
  { family: "both", names: "global self window", hint: "Use globalThis" },
  {
    family: "both",
    names: "Intl",
    hint: "Write the format out, or use a package that has its own tables",
  },
  { family: "both", names: "Temporal", hint: "Use Date, or a package for dates" },
  {
    family: "both",
    names: "WebAssembly",
    hint: "A component cannot load another: use a package in JavaScript",
  },
  { family: "both", names: "Atomics", hint: "A component runs on one thread: use plain variables" },
  {
    family: "browser",
    names: "Worker SharedWorker BroadcastChannel MessageChannel MessagePort MessageEvent",
    hint: "A component runs on one thread: do the work where it is asked for",
  },
  {
    family: "browser",
    names: "localStorage sessionStorage indexedDB caches Storage CacheStorage IDBKeyRange cookieStore",
    hint: "Declare capabilities.kv and use ctx.kv",
  },
  {
    family: "browser",
    names: "XMLHttpRequest EventSource WebTransport ProgressEvent",
    hint: "Declare capabilities.http and use fetch()",
  },
  {
    family: "both",
    names: "WebSocket CloseEvent ErrorEvent",
    hint: "Declare capabilities.http and use fetch()",
  },
  {
    family: "both",
    names: `ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest
      ReadableByteStreamController ReadableStreamDefaultController WritableStream WritableStreamDefaultController
      WritableStreamDefaultWriter TransformStream TransformStreamDefaultController ByteLengthQueuingStrategy
      CountQueuingStrategy TextEncoderStream TextDecoderStream`,
    hint: "Bodies come whole: use text(), json() or bytes(), and async generators for steps",
  },
  { family: "both", names: "CompressionStream DecompressionStream", hint: "Use a package such as fflate" },
  {
    family: "browser",
    names: "Blob File FormData",
    hint: "Use Uint8Array for bytes, and URLSearchParams or text for the bodies of requests",
  },
  {
    family: "both",
    names: `fetch Request Response Headers AbortController AbortSignal Event EventTarget CustomEvent
      URL URLSearchParams URLPattern TextEncoder TextDecoder structuredClone crypto Crypto CryptoKey SubtleCrypto`,
  },
  {
    family: "both",
    names: `console setTimeout setInterval clearTimeout clearInterval queueMicrotask atob btoa DOMException performance
      Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver reportError`,
  },
  { family: "browser", names: "navigator Navigator", hint: "Components run outside a browser" },
  {
    family: "browser",
    names: `document location history screen frames parent top opener frameElement customElements visualViewport
      origin name status event external length closed Window Document DocumentFragment ShadowRoot Location History Element HTMLElement HTMLDocument
      HTMLInputElement HTMLFormElement HTMLAnchorElement HTMLImageElement HTMLCanvasElement HTMLVideoElement HTMLIFrameElement
      HTMLTextAreaElement HTMLSelectElement HTMLButtonElement HTMLTemplateElement SVGElement MathMLElement Node NodeList NodeFilter Text Comment Attr CharacterData
      CSSStyleSheet StyleSheet CSS DOMParser XMLSerializer XPathResult XPathEvaluator XSLTProcessor DOMRect DOMPoint DOMMatrix
      Range Selection getSelection getComputedStyle matchMedia MutationObserver IntersectionObserver ResizeObserver
      HTMLCollection NamedNodeMap DOMTokenList DOMStringMap DOMImplementation TreeWalker TrustedHTML trustedTypes`,
    hint: "There is no page: parse with a package such as htmlparser2 or parse5",
  },
  {
    family: "browser",
    names: `UIEvent MouseEvent KeyboardEvent PointerEvent TouchEvent WheelEvent FocusEvent InputEvent DragEvent ClipboardEvent
      DataTransfer PromiseRejectionEvent StorageEvent PopStateEvent HashChangeEvent addEventListener removeEventListener
      dispatchEvent onmessage onerror postMessage importScripts WorkerGlobalScope DedicatedWorkerGlobalScope ServiceWorkerGlobalScope
      ServiceWorker clients registration`,
    hint: "Components have no event loop of their own: a call starts, awaits and returns",
  },
  { family: "browser", names: "alert confirm print", hint: "Use console.log()" },
  { family: "browser", names: "prompt", hint: "Take what you need as an argument" },
  {
    family: "browser",
    names: `requestAnimationFrame cancelAnimationFrame requestIdleCallback cancelIdleCallback`,
    hint: "Use setTimeout()",
  },
  {
    family: "browser",
    names: `open close stop focus blur find scroll scrollTo scrollBy resizeTo moveTo createImageBitmap ImageBitmap ImageData
      OffscreenCanvas Image Audio Option Path2D AudioContext MediaRecorder MediaStream MediaSource SpeechSynthesisUtterance speechSynthesis
      Notification FileReader FileReaderSync FileList RTCPeerConnection WebGLRenderingContext WebGL2RenderingContext GPU FontFace
      EncodedVideoChunk VideoFrame VideoDecoder AudioData Gamepad Bluetooth USB PaymentRequest Sanitizer`,
    hint: "Components run outside a browser",
  },
];

/** What is known of a global. */
export interface ForeignGlobal {
  family: Family;
  hint: string | undefined;
}

/** Every such global by name. */
export const FOREIGN_GLOBALS: ReadonlyMap<string, ForeignGlobal> = new Map(
  GROUPS.flatMap(({ family, names, hint }) =>
    names.split(/\s+/).map((name) => [name, { family, hint }] as const),
  ),
);
