export type { ClientAnswers, ElicitAnswer, ElicitQuestion, SampleAnswer } from "./client-answers.ts";
export { connect, type ConnectOptions, type MiddlewareUse } from "./connect.ts";
export type { FakeHttp, FakeResponse } from "./fake-http.ts";
export type { Fakes } from "./fakes.ts";
export { RequestError } from "./request-error.ts";
export type { ComponentReference } from "./start-built.ts";
export type {
  CallResult,
  Change,
  Completion,
  LogLine,
  Progress,
  PromptResult,
  ReadResult,
  TestClient,
} from "./test-client.ts";
