import { behaviourSuite } from "../behaviour.ts";

behaviourSuite("spin");
