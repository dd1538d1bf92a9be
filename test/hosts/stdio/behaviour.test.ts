import { behaviourSuite } from "../behaviour.ts";

behaviourSuite("stdio");
