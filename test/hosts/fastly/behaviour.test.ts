import { behaviourSuite } from "../behaviour.ts";

behaviourSuite("fastly");
