import { behaviourSuite } from "../behaviour.ts";

behaviourSuite("wasmtime", "wasmtimeReuse");
